package setup

import (
	"fmt"
	"time"
)

// StarterPost is the path of a new blog's one post in the blog's folder.
const StarterPost = "content/posts/hello.md"

// StarterFiles returns the texts of a new blog of one post: that post, and a config
// whose first run mails it to everyone who has subscribed by then. dir is the folder of
// the posts, as config.yaml is to name it.
func StarterFiles(now time.Time, dir string) (post, config string) {
	day := now.UTC().Format(time.DateOnly)
	return fmt.Sprintf(starterPost, day), fmt.Sprintf(starterConfig, quote(dir), day)
}

const starterPost = `---
title: Hello
date: %s
tags: [news]
---

This is the first post. What is above the mark is the excerpt: the mail shows it
with a link to the rest.

<!--more-->

And this is the rest. Every new file in this folder with a title and a date is a post.
`

const starterConfig = `# The settings of publisher for a new blog.
# Paths are relative to the folder of this file. What is not here keeps its default.

site:
  title: My blog
  url: https://example.com       # FILL IN the address of your site: feeds and mails link to it
  # description: What it is about
  # language: en
  # timezone: Europe/Berlin      # default: UTC
  # author: {name: Ada Lovelace, email: ada@example.com}

content:
  dir: %s
  dialect: markdown
  permalink: /posts/:slug/       # where your site shows a post

digest:
  default: immediate             # each run mails what is new; or daily, or weekly
  start: "%s"            # posts dated from this day on are mailed
  settle: 0s                     # while you try things out; 10m gives you time to save a post twice

# Without a host no mail is sent: a built-in catcher files the messages in outbox/.
mail:
  # from: news@example.com       # sender; default: news@ and the host of url
  # postal_address: ""           # for the footer; many countries require one
  # smtp: {host: smtp.example.com, username: me, password: "${SMTP_PASSWORD:-}"}

subscribers:
  # file: subscribers.csv        # a list that each run reads, in addition to ` + "`publisher subscribers add ADDRESS`" + `
`
