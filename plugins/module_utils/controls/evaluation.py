# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a control type says about one control on one host."""

from __future__ import annotations

from dataclasses import dataclass

COMPLIANT = "compliant"
DIFFERENT = "different"
NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Evaluation:
    """One control against the state of the host.

    Attributes:
      state: COMPLIANT, DIFFERENT or NOT_APPLICABLE.
      observed: what is there, wanted: what should be there; anything that JSON can hold, of the same shape.
      reason: one sentence where the two do not speak for themselves.
      changes: everything that the control wants of the host (changes.py), also what is already so: two controls that
        want different things of one target are then found even while the host agrees with one of them.
        DIFFERENT without changes means that people have to act: the control is failed, the reason says what to do.
      remains: what is still different after the changes, known beforehand: they are made, and the control is failed
        with this sentence, in check mode as well.
    """

    state: str
    observed: object = None
    wanted: object = None
    reason: str = ""
    changes: tuple = ()
    remains: str = ""


def compared(observed, wanted, changes=(), **more):
    """COMPLIANT where observed equals wanted, else DIFFERENT."""
    state = COMPLIANT if observed == wanted else DIFFERENT
    return Evaluation(state, observed, wanted, changes=tuple(changes), **more)


def not_applicable(reason, observed=None, wanted=None):
    """The control means nothing on this host, for this reason."""
    return Evaluation(NOT_APPLICABLE, observed, wanted, reason)
