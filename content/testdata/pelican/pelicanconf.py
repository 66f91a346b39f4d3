from datetime import date

SITENAME = 'Fixture'
TIMEZONE = 'Europe/Berlin'
PATH = 'content'
PAGE_PATHS = ('pages', 'links')
ARTICLE_URL = 'posts/{date:%Y}/{slug}/'
ARTICLE_SAVE_AS = 'posts/{date:%Y}/{slug}/index.html'
TAG_URL = 'topics/{slug}/'
YEAR = date.today().year
EXTRA_PATH_METADATA = {
    'images/favicon.ico': {'path': 'favicon.ico'},  # a comment
}
