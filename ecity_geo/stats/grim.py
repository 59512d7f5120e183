"""Which means, standard deviations and t statistics whole answers can have.

A respondent who answers on a scale of whole numbers leaves traces in every figure made from the
answers: their sum S is whole (GRIM), the sum of their squares Q is whole and odd or even with S
(GRIMMER), and a scale with ends bounds Q for each S. The tests below state what is *necessary*;
what passes may still be impossible, what fails is.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, inf, sqrt
from numbers import Integral

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.figures import Figure, parse_figure

Scale = tuple[int, int]
# Fractions and whole numbers are exact; a float stands only for infinity.
Bound = Fraction | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is known of the answers behind a printed mean.

    Parameters
    ----------
    n
        Respondents.
    items
        Whole answers that each respondent's figure is the mean of.
    scale
        Smallest and largest answer, if known.
    """

    n: int
    items: int = 1
    scale: Scale | None = None

    def __post_init__(self) -> None:
        counts: tuple[object, ...] = self.n, self.items
        if not all(isinstance(one, Integral) for one in counts) or self.n < 1 or self.items < 1:
            raise AnalysisError(f"{self.n} respondents with {self.items} items have no mean.")
        if self.scale is not None and not self.scale[0] < self.scale[1]:
            raise AnalysisError(f"A scale from {self.scale[0]} to {self.scale[1]} has no range.")

    @property
    def ends(self) -> Scale | None:
        """Smallest and largest sum over one respondent's items."""
        return self.scale and (self.scale[0] * self.items, self.scale[1] * self.items)

    def sums(self, mean: Figure) -> range:
        """Return the sums of all answers that print as this mean (GRIM asks: is there any?)."""
        count = self.n * self.items
        low, high = ceil(mean.low * count), floor(mean.high * count)
        if self.scale is not None:
            low, high = max(low, count * self.scale[0]), min(high, count * self.scale[1])
        return range(low, high + 1)

    def squares(self, total: int) -> tuple[int, Bound]:
        """Least and largest sum of squares of respondents' whole scores that sum to `total`."""
        quotient, rest = divmod(total, self.n)
        least = self.n * quotient**2 + rest * (2 * quotient + 1)
        if self.ends is None:
            return least, inf
        low, high = self.ends
        # The scores lie as far apart as they can: at the ends, and one in between.
        full, between = divmod(total - self.n * low, high - low)
        if full == self.n:
            return least, self.n * high**2
        largest = full * high**2 + (low + between) ** 2 + (self.n - full - 1) * low**2
        return least, largest

    def sd_range(self, total: int) -> tuple[float, float]:
        """Least and largest standard deviation (n - 1) of scores that sum to `total`."""
        least, largest = self.squares(total)
        return self._sd(total, least), self._sd(total, largest)

    def t_range(self, total: int, test_value: Fraction) -> tuple[float, float]:
        """Least and largest one-sample t of scores that sum to `total`."""
        distance = total - self.n * self.items * test_value
        if distance == 0:
            return 0.0, 0.0
        found = [self._t(total, test_value, squares) for squares in self.squares(total)]
        return min(found), max(found)

    def _sd(self, total: int, squares: Bound) -> float:
        if self.n < 2 or squares == inf:
            return inf
        variance = (Fraction(squares) - Fraction(total**2, self.n)) / (self.n - 1)
        return sqrt(variance) / self.items

    def _t(self, total: int, test_value: Fraction, squares: Bound) -> float:
        sd = self._sd(total, squares)
        distance = float(Fraction(total, self.n * self.items) - test_value)
        if sd == 0:
            return inf if distance > 0 else -inf
        return 0.0 if sd == inf else distance / (sd / sqrt(self.n))

    def squares_of_sd(self, total: int, sd: Figure) -> tuple[Fraction, Bound]:
        """Return the sums of squares that print as this standard deviation."""
        low, high = (self.items * max(end, Fraction(0)) for end in (sd.low, sd.high))
        base = Fraction(total**2, self.n)
        return (self.n - 1) * low**2 + base, (self.n - 1) * high**2 + base

    def squares_of_t(
        self, total: int, t: Figure, test_value: Fraction
    ) -> tuple[Fraction, Bound] | None:
        """Return the sums of squares that print as this t; None if its sign is not the mean's."""
        distance = Fraction(total, self.n) - self.items * test_value
        if distance == 0:
            return (Fraction(0), inf) if t.low <= 0 <= t.high else None
        low, high = (t.low, t.high) if distance > 0 else (-t.high, -t.low)
        if high <= 0:
            return None
        base = Fraction(total**2, self.n)
        scale = (self.n - 1) * self.n * distance**2
        return scale / high**2 + base, inf if low <= 0 else scale / low**2 + base

    def can_have(
        self, total: int, *, sd: Figure | None = None, t: Figure | None = None, test_value: Fraction
    ) -> bool:
        """Say whether a whole sum of squares of the right parity fits the figures given."""
        bounds: list[tuple[Fraction | int, Bound]] = [self.squares(total)]
        if sd is not None:
            bounds.append(self.squares_of_sd(total, sd))
        if t is not None:
            of_t = self.squares_of_t(total, t, test_value)
            if of_t is None:
                return False
            bounds.append(of_t)
        low, high = max(bound[0] for bound in bounds), min(bound[1] for bound in bounds)
        first = ceil(low) + (ceil(low) - total) % 2
        return first <= high

    def nearest_t(self, total: int, t: Figure, test_value: Fraction) -> tuple[float, float] | None:
        """Return the nearest t below and above `t` that whole answers with this sum have."""
        bounds = self.squares_of_t(total, t, test_value)
        least, largest = self.squares(total)
        if bounds is None or bounds[1] == inf:
            return None
        below = floor(bounds[0])
        below -= (below - total) % 2
        above = ceil(bounds[1])
        above += (above - total) % 2
        if below < least or above > largest:
            return None
        found = sorted(self._t(total, test_value, squares) for squares in (below, above))
        return found[0], found[1]


def grim(mean: str, n: int, *, items: int = 1, scale: Scale | None = None) -> bool:
    """Say whether whole answers can have a printed mean.

    Parameters
    ----------
    mean
        As printed, with its last zeros: ``"4.60"``.
    n
        Respondents.
    items
        Items that each respondent's figure is the mean of.
    scale
        Smallest and largest answer, if known.

    Returns
    -------
    possible
        Halves may have been rounded up or down.

    Raises
    ------
    AnalysisError
        If the mean is no number, or `n`, `items` or `scale` make no sense.

    Notes
    -----
    Brown & Heathers (2017), doi:10.1177/1948550616673876.
    """
    return bool(Answers(n=n, items=items, scale=scale).sums(_figure(mean)))


def grimmer(mean: str, sd: str, n: int, *, items: int = 1, scale: Scale | None = None) -> bool:
    """Say whether whole answers can have a printed mean and standard deviation.

    Parameters
    ----------
    mean, sd
        As printed, the standard deviation with n - 1.
    n, items, scale
        As in `grim`.

    Returns
    -------
    possible
        Whether a sum of the mean has a whole sum of squares, of its own parity and within what
        the scale allows, that prints as `sd`.

    Raises
    ------
    AnalysisError
        As in `grim`.

    Notes
    -----
    Anaya (2016), doi:10.7287/peerj.preprints.2400; in the analytic form of Allard (2018).
    """
    answers, spread = Answers(n=n, items=items, scale=scale), _figure(sd)
    return any(
        answers.can_have(total, sd=spread, test_value=Fraction(0))
        for total in answers.sums(_figure(mean))
    )


def sd_limits(mean: str, n: int, *, scale: Scale, items: int = 1) -> tuple[float, float]:
    """Least and largest standard deviation that a scale allows at a printed mean.

    Parameters
    ----------
    mean
        As printed.
    n, scale, items
        As in `grim`.

    Returns
    -------
    limits
        With n - 1.

    Raises
    ------
    AnalysisError
        If no whole answers have the mean, or as in `grim`.
    """
    answers = Answers(n=n, items=items, scale=scale)
    if n < 2:
        raise AnalysisError("One respondent has no standard deviation.")
    ranges = [answers.sd_range(total) for total in answers.sums(_figure(mean))]
    if not ranges:
        raise AnalysisError(
            f"Whole answers {scale[0]}-{scale[1]} of {n} respondents cannot have the mean {mean}."
        )
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _figure(text: str) -> Figure:
    figure = parse_figure(text)
    if figure is None:
        raise AnalysisError(f"'{text}' is not a printed number.")
    return figure
