"""Saddles of different shapes and their fields: slides "Saddles of different shapes" and "Escaping traps"."""

import numpy as np

from refimpl.minimax import games
from verify.claims import claim
from verify.minimax.games import same_game, usual_suspects


@claim("M06", slide="Saddles of different shapes", source="other forms: Re z², Re z³, ¼ − (xy − ½)²")
def fields_of_the_saddles_are_those_of_their_payoffs(
    rng, *, quadratic_saddle=games.quadratic_saddle, monkey_saddle=games.monkey_saddle, weird_saddle=games.weird_saddle
):
    r"""x² − y² = (x + y)(x − y), x³ − 3xy² = Re (x + iy)³, xy − x²y² = ¼ − (xy − ½)²: Φ and V."""
    yield from same_game("quadratic", quadratic_saddle(), lambda x, y: (x + y) * (x - y), rng)
    yield from same_game(
        "monkey", monkey_saddle(), lambda x, y: x * (x - np.sqrt(3.0) * y) * (x + np.sqrt(3.0) * y), rng
    )
    yield from same_game("weird", weird_saddle(), lambda x, y: 0.25 - (x * y - 0.5) ** 2, rng)


fields_of_the_saddles_are_those_of_their_payoffs.mutants(
    usual_suspects("quadratic_saddle", games.quadratic_saddle), replaces="quadratic_saddle"
)
fields_of_the_saddles_are_those_of_their_payoffs.mutants(
    usual_suspects("monkey_saddle", games.monkey_saddle), replaces="monkey_saddle"
)
fields_of_the_saddles_are_those_of_their_payoffs.mutants(
    usual_suspects("weird_saddle", games.weird_saddle), replaces="weird_saddle"
)


@claim("M06", slide="Escaping traps with the mixed-NE concept", source="other form: ¼ − (xω − ½)²")
def field_of_the_trap_is_that_of_its_payoff(rng, *, trap=games.trap):
    r"""Φ = −ω²x² + ωx = ¼ − (xω − ½)², x minimising, ω maximising: Φ and V."""
    yield from same_game("trap", trap(), lambda x, omega: 0.25 - (x * omega - 0.5) ** 2, rng)


field_of_the_trap_is_that_of_its_payoff.mutants(usual_suspects("trap", games.trap))
