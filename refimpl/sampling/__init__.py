"""Sampling: Langevin Monte Carlo, its exact laws, its variants and its rates.

- `targets`: potentials with gradients and normalisers: Gaussians, mixtures, double wells
- `posterior`: the posterior of logistic regression, on data and on images of two digits
- `metrics`: total variation, Kullback-Leibler, Wasserstein and Fisher divergence of known laws
- `estimators`: the same distances, estimated from samples
- `langevin`: Langevin Monte Carlo: its steps (plain, projected, underdamped) and its chains
- `gaussian_law`: the exact law of Langevin Monte Carlo on a Gaussian target
- `metropolis`: the Metropolis-adjusted Langevin algorithm, which has no bias
- `diagnostics`: effective sample size and split R̂ of chains
- `log_sobolev_rates`: bounds of the divergence under a log-Sobolev inequality
- `complexity`: the table of numbers of steps, and exact numbers of steps on Gaussians
- `gradient_flow`: the Fokker-Planck equation as a gradient flow, and its JKO step, on the line
- `gaussian_gradient_flow`: that flow and its JKO step from Gaussian to Gaussian, in closed form
- `underdamped`: chains of underdamped Langevin dynamics, for any target
- `linear_chains`: exact laws of underdamped and overdamped chains on Gaussians
- `constrained`: targets on boxes, balls and the simplex, with projections and moments
- `projected`: chains of projected Langevin Monte Carlo, and their exact law on an interval
- `mirrored`: mirrored Langevin Monte Carlo on the simplex
- `double_loop`: Langevin Monte Carlo whose steps shrink in an outer loop
- `hard_to_minimise`: a family of targets that are easy to sample and hard to minimise
- `perturbed_sgd`: stochastic gradient descent as Langevin Monte Carlo at another temperature
"""
