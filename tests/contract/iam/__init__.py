# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test double of INDIGO IAM's login service 1.12.0: its REST, SCIM and OAuth interfaces, and nothing else of it.

It is not INDIGO IAM. It exists because IAM is in no package registry: tests run the collection's modules against it,
and the lab runs it as the container that role indigo_iam starts. It is stricter than upstream where a caller's mistake
would otherwise go unnoticed: unknown fields and wrong JSON types are refused.

Facts come from the source of indigo-iam/iam (paths below iam-login-service/src/main/java/it/infn/mw/iam are named
in the docstrings) and from its documentation (indigo-iam/iam-website).
"""

VERSION = "1.12.0"
