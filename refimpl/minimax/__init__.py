"""GAN training as a game: minimax algorithms and where they go.

- `dirac_gan`: the smallest GAN, on which gradient descent circles or leaves; eigenvalues of its steps
- `dirac_gan_penalty`: the same GAN with a gradient penalty, which makes it converge
- `games`: games and their fields: saddles, games with cycles, the trap; a field from a payoff
- `stationarity`: necessary conditions of local Nash equilibria
- `stochastic_descent`: stochastic gradient descent, one step and whole paths
- `inner_maximization`: descent on a maximum that is found only nearly
- `algorithms`: gradient descent-ascent, proximal point, extragradient, optimistic and reflected steps
- `linear_rates`: how fast these converge on bilinear and quadratic games
- `monotone_rates`: what these guarantee on convex-concave games
- `spurious_attractors`: critical points, return maps and limit cycles of planar games
- `certified_extremes`: extremes of functions on planar boxes, with a proof
- `weak_minty`: constants of weak Minty games, and the methods that solve such games
- `mixed_nash`: mixed equilibria of finite games, by a linear program and by mirror methods
- `langevin_play`: mixed strategies on boxes, played by Langevin particles
- `wgan`: objective, exact critic and gradients of the Wasserstein GAN
- `twenty_five_gaussians`: samples of the 25 Gaussians, and how many of them a generator covers
- `gan`: a Wasserstein GAN as a stochastic game, all randomness given
- `gan_algorithms`: rounds of SGD, Adam, Mirror-GAN and Mirror-Prox-GAN
- `gan_training`: training with a budget, progress and partial results
"""
