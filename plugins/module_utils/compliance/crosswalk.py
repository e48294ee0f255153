# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the controls of ISO/IEC 27001:2013 Annex A to those of 2022: which new control takes up what an old one asked.

The rules of SCAP content refer to the edition of 2013. The correspondence is that of ISO/IEC 27002:2022, annex B.
"""

from __future__ import annotations

_TABLE = """
5.1.1 5.1 | 5.1.2 5.1
6.1.1 5.2 | 6.1.2 5.3 | 6.1.3 5.5 | 6.1.4 5.6 | 6.1.5 5.8 | 6.2.1 8.1 | 6.2.2 6.7
7.1.1 6.1 | 7.1.2 6.2 | 7.2.1 5.4 | 7.2.2 6.3 | 7.2.3 6.4 | 7.3.1 6.5
8.1.1 5.9 | 8.1.2 5.9 | 8.1.3 5.10 | 8.1.4 5.11 | 8.2.1 5.12 | 8.2.2 5.13 | 8.2.3 5.10
8.3.1 7.10 | 8.3.2 7.10 | 8.3.3 7.10
9.1.1 5.15 | 9.1.2 5.15 | 9.2.1 5.16 | 9.2.2 5.18 | 9.2.3 8.2 | 9.2.4 5.17 | 9.2.5 5.18 | 9.2.6 5.18
9.3.1 5.17 | 9.4.1 8.3 | 9.4.2 8.5 | 9.4.3 5.17 | 9.4.4 8.18 | 9.4.5 8.4
10.1.1 8.24 | 10.1.2 8.24
11.1.1 7.1 | 11.1.2 7.2 | 11.1.3 7.3 | 11.1.4 7.5 | 11.1.5 7.6 | 11.1.6 7.2
11.2.1 7.8 | 11.2.2 7.11 | 11.2.3 7.12 | 11.2.4 7.13 | 11.2.5 7.10 | 11.2.6 7.9 | 11.2.7 7.14 | 11.2.8 8.1 | 11.2.9 7.7
12.1.1 5.37 | 12.1.2 8.32 | 12.1.3 8.6 | 12.1.4 8.31 | 12.2.1 8.7 | 12.3.1 8.13
12.4.1 8.15 | 12.4.2 8.15 | 12.4.3 8.15 | 12.4.4 8.17 | 12.5.1 8.19 | 12.6.1 8.8 | 12.6.2 8.19 | 12.7.1 8.34
13.1.1 8.20 | 13.1.2 8.21 | 13.1.3 8.22 | 13.2.1 5.14 | 13.2.2 5.14 | 13.2.3 5.14 | 13.2.4 6.6
14.1.1 5.8 8.26 | 14.1.2 8.26 | 14.1.3 8.26 | 14.2.1 8.25 | 14.2.2 8.32 | 14.2.3 8.32 | 14.2.4 8.32 | 14.2.5 8.27
14.2.6 8.31 | 14.2.7 8.30 | 14.2.8 8.29 | 14.2.9 8.29 | 14.3.1 8.33
15.1.1 5.19 | 15.1.2 5.20 | 15.1.3 5.21 | 15.2.1 5.22 | 15.2.2 5.22
16.1.1 5.24 | 16.1.2 6.8 | 16.1.3 6.8 | 16.1.4 5.25 | 16.1.5 5.26 | 16.1.6 5.27 | 16.1.7 5.28
17.1.1 5.29 | 17.1.2 5.29 | 17.1.3 5.29 | 17.2.1 8.14
18.1.1 5.31 | 18.1.2 5.32 | 18.1.3 5.33 | 18.1.4 5.34 | 18.1.5 5.31 | 18.2.1 5.35 | 18.2.2 5.36 | 18.2.3 5.36 8.8
"""


def _parse(table):
    """{old identifier: (new identifier, ...)} of the table, with the A. that references carry."""
    rows = (row.split() for row in table.replace("|", "\n").strip().splitlines())
    return {f"A.{old}": tuple(f"A.{new}" for new in news) for old, *news in rows}


TO_2022 = _parse(_TABLE)


def to_2022(references):
    """The controls of 2022 (sorted list) for references to controls or clauses of 2013 (such as A.9.4.2, A.9.4, A.9).

    A reference to a clause counts for nothing: it says too little. Unknown ones count for nothing too.
    """
    return sorted({new for reference in references for new in TO_2022.get(reference, ())})
