# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every page of this collection has around and inside its parts. Pages are whole by themselves: no script, nothing
loaded, light and dark, printable."""

from __future__ import annotations

from html import escape

from ansible_collections.infn.datacloud.plugins.module_utils.pages.style import STYLE


def document(title, head, sections, footer, style="", skip="To the result", description=""):
    """A whole page (text). head and sections are HTML, footer is that of one paragraph; the first section is #short."""
    described = f'\n<meta name="description" content="{escape(description)}">' if description else ""
    body = "\n".join(sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">{described}
<title>{escape(title)}</title>
<style>{STYLE}{style}</style>
</head>
<body>
<a class="skip" href="#short">{skip}</a>
{head}
<main>
{body}
</main>
<footer><p>{footer}</p></footer>
</body>
</html>
"""


def cover(kind, heading, facts, links):
    """The head of a page: what it is, facts (name, text) where there is a text, and links (anchor, text) to parts."""
    listed = "".join(f"<div><dt>{name}</dt><dd>{escape(text)}</dd></div>" for name, text in facts if text)
    parts = "".join(f'<a href="#{name}">{text}</a>' for name, text in links)
    return f"""<header class="cover"><div class="cover-inner">
<p class="eyebrow">{escape(kind)}</p>
<h1>{escape(heading)}</h1>
<dl class="facts">{listed}</dl>
<nav aria-label="Parts of this report">{parts}</nav>
</div></header>"""


def section(name, title, content):
    """A part of a page; content is HTML."""
    return f"""<section id="{name}" aria-labelledby="{name}-title">
<h2 id="{name}-title">{title}</h2>
{content}
</section>"""


def share_bar(shares):
    """A bar of shares (class of the style, count, sign and word), and its legend with the counts."""
    segments = "".join(f'<span class="f-{name}" style="flex:{count}"></span>' for name, count, _text in shares if count)
    legend = "".join(
        f'<li><i class="f-{name}"></i><b>{count}</b><span>{text}</span></li>' for name, count, text in shares
    )
    said = ", ".join(f"{text[2:]}: {count}" for _name, count, text in shares)
    return (
        f'<div class="bar" role="img" aria-label="{escape(said)}">{segments}</div>\n<ul class="legend">{legend}</ul>'
    )  # fmt: skip


def tiles(shown):
    """Numbers that say most: (name, count, what else there is to say)."""
    listed = "".join(
        f"<div><dt>{name}</dt><dd>{count:,} <small>{text}</small></dd></div>".replace(",", "\u202f")
        for name, count, text in shown
    )
    return f'<dl class="tiles">{listed}</dl>'


def table(heads, rows, caption=""):
    """A table; rows are HTML."""
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    return f"<div class='wide'><table>{said}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"


def sheet(heads, rows, caption=""):
    """A table on a sheet of its own."""
    return f'<div class="sheet">{table(heads, rows, caption)}</div>'


def day(text):
    """A time as 2026-01-31 12:00."""
    return text[:16].replace("T", " ")
