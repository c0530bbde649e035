"""A summary as one self-contained HTML page: no network, no framework, every text escaped."""

from khulasa.client.page.build import article_page, index_page

__all__ = ["article_page", "index_page"]
