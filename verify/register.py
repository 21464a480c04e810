"""The lecture as a register: one row for every statement, in the lecture's order, with what became of it.

Letters name the chapters: M minimax, S sampling, D diffusion, N networks, R robustness, C control. Numbers in square
brackets are the lecture's references; a starred slide stands under its title without the star.
"""

from typing import Literal, NamedTuple

from refimpl import CHAPTERS

Status = Literal["as printed", "corrected", "measured", "stated only", "open"]


class Row(NamedTuple):
    """A statement of the lecture in our words, under the title of its slide.

    It holds `as printed`; or was `corrected` (the printed form fails, the one given here holds); or is `measured` (no
    theorem: an experiment of ours in a stated setting, and what it showed); or is `stated only` (`note` says why it
    cannot be computed); or is `open`: no claim checks it yet.
    """

    id: str
    slide: str
    statement: str
    status: Status
    note: str = ""


SLIDES: dict[str, tuple[str, ...]] = {
    "Recall: Wasserstein GANs formulation": (),
    "Difficulties of GAN training": ("M26", "M27"),
    "Application to 25 Gaussians: Algorithms matter": (),
    "Abstract minmax formulation": (),
    "The difficulty of the nonconvex-nonconcave setting": ("M08",),
    "Question 1 with a twist: Where do the algorithms want to converge?": (),
    "Saddles of different shapes": ("M05", "M06"),
    "Recall SGD results from Lecture 10": (),
    "Basic algorithms for minimax": (),
    "Comparison of convergence rates for smooth convex-concave minimax": (),
    "Minimax is more difficult than just optimization": (),
    "When do the algorithms converge?": (),
    "An alternative proposal: From pure to mixed Nash equilibrium (NE)": (),
    "GAN training as infinite dimensional matrix games": (),
    "Escaping traps with the mixed-NE concept": (),
    "Application: Noisy action robust reinforcement learning": (),
    "The sampling problem": (),
    "Iterative refinement like in optimization: MCMC": (),
    "Langevin Monte Carlo": (),
    "Learning the score": ("D01",),
    "Hyvärinen's trick": (),
    "Weaknesses of score matching": (),
    "What about natural distributions?": (),
    "A denoising perspective on sampling": (),
    "Examples of optimal denoising on MNIST": (),
    "How to sample with a denoiser": ("D10", "D11"),
    "The answer: Diffusion models": (),
    "An interpretation of the mathematical foundations for score-based generation": ("D13", "D16"),
    "Analyzing what happens during the progressive denoising": (),
    "Stochastic Differential Equations (SDE) formalism": ("D12", "D13"),
    "Score-based Generative Models with SDEs - Forward process": (),
    "Reverse diffusion": (),
    "Joint training of the score network": (),
    "Theoretical guarantees": (),
    "Modern tricks to generate appealing images": (),
    "Recall: from empirical risk minimization to minimax optimization": ("R01",),
    "Robustness examples in ML": (),
    "Robustness in deep learning: worst-case metric": ("R04",),
    "Robustness in deep learning: average-case metric": (),
    "Robustness in deep learning: estimation of Lipschitz constant": (),
    "Robustness in deep learning: impact of the NN architecture": ("N01",),
    "Robustness in deep learning: lazy-training": (),
    "Robustness in deep learning: visualization for lazy training regime": ("N08",),
    "Robustness in deep learning: initialization in deep ReLU NNs": (),
    "Robustness in deep learning: main results (Lazy-training regime)": (),
    "Robustness in deep learning: width and depth & other trade-offs": (),
    "The good, the bad and the ugly in deep learning": ("N05", "N06"),
    "μ-transfer: Zero-shot hyperparameter transfer with μP": (),
    "Implementation of μP: abc-parameterizations": (),
    "μ-transfer: transferability and empirical results": (),
    "Theoretical guarantees for score-matching": (),
    "Robustness in deep learning: lazy training experiment for FCN": (),
    "Robustness in deep learning: lazy training experiment for CNN": ("N07",),
    "Robustness in deep learning: Visualization for non-lazy training regime": ("N08", "N10"),
    "Robustness in deep learning: main results (Non-lazy training regime)": (),
    "Robustness in deep learning: non-lazy training experiment": ("N08", "N10"),
    "Standard Reinforcement Learning": (),
    "Deterministic Policy Gradient": (),
    "An optimization interpretation": (),
    "Robust Reinforcement Learning": (),
}
"""Titles of the slides that have content, in the lecture's order; with each the rows on it that stand under another."""


def chapter(id: str) -> str:
    """The chapter of a row.

    >>> chapter("M09")
    'minimax'
    """
    return next(chapter for chapter in CHAPTERS if chapter[0] == id[0].lower())


# fmt: off
TABLE: tuple[Row, ...] = (
    # minimax
    Row("M01", "Difficulties of GAN training",
        "The continuous flow keeps θ² + ψ² constant, so it circles the equilibrium for ever", "as printed"),
    Row("M02", "Difficulties of GAN training",
        "SimGD moves away: |1 ± ihf'(0)| > 1, and ‖z⁺‖² = (1 + h²f'(θψ)²)‖z‖² at every point", "as printed"),
    Row("M03", "Difficulties of GAN training",
        "AltGD's eigenvalues, with α = √(n_g n_d) h f'(0), lie on the unit circle exactly for α ≤ 2", "as printed"),
    Row("M04", "Difficulties of GAN training",
        "(beyond) With an R1 penalty Re λ < 0 for all γ > 0; the flow stops turning at γ = 2f'(0)", "as printed"),
    Row("M05", "Question 1 with a twist: Where do the algorithms want to converge?",
        "A local Nash equilibrium needs ∇Φ = 0 and ∇ₓₓΦ ⪰ 0 ⪰ ∇ᵧᵧΦ: a checker, tried on saddles", "as printed"),
    Row("M06", "Basic algorithms for minimax",
        "V = [∇ₓΦ, −∇ᵧΦ] written by hand agrees with automatic differentiation in every game", "as printed"),
    Row("M07", "Recall SGD results from Lecture 10",
        "SGD finds critical points, leaves strict saddles, likely stays by Hurwitz minimisers", "corrected",
        "the slide says that it stays almost surely: with Gaussian errors it leaves with a probability > 0, which the "
        "sum of the squared steps bounds"),
    Row("M08", "Abstract minmax formulation",
        "Min-max points are NP-hard to decide; approximate local ones are PPAD-complete to find", "stated only",
        "a bound on what every algorithm can do on its worst instances: no finite computation shows it"),
    Row("M09", "Basic algorithms for minimax",
        "On xy, ‖z⁺‖²/‖z‖²: GDA 1 + α², PPM 1/(1 + α²), EG 1 − α² + α⁴; OGDA, RFBS by their roots", "as printed"),
    Row("M10", "Basic algorithms for minimax",
        "OGDA and RFBS take the same steps where V is linear, and different ones where it is not", "as printed"),
    Row("M11", "Basic algorithms for minimax",
        "EG and OGDA approximate PPM: a step misses it by O(α³) (OGDA's first, at z₋ = z₀, by O(α²))", "as printed"),
    Row("M12", "Comparison of convergence rates for smooth convex-concave minimax",
        "PP, EG, OGDA (and RFBS): O(1/ε) if convex-concave, O(κ log 1/ε) if strongly so or bilinear", "as printed",
        "Every exponent is attained. 1/ε is that of the gap of the average and of ‖V z_k‖²; the gap of the last "
        "iterate needs 1/ε². PP's κ is that of α ∝ 1/L: at α = 1/σmin or 1/μ, which it may take, N does not know κ. "
        "Misprinted references: [29], on meta-learning, where [64], Mokhtari, Ozdaglar & Pattathil 2020, is meant (EG, "
        "OGDA); [85], on online convex programming, where Popov 1980 is (OGDA, slide before)."),
    Row("M13", "Basic algorithms for minimax",
        "On xy GDA spirals outwards; which averages of GDA, PPM and EG iterates find the solution", "as printed"),
    Row("M14", "Minimax is more difficult than just optimization",
        "Almost bilinear: the cycle at r = √(4/3) attracts iff φ acts on y, who maximises, not on x", "corrected",
        "the slide prints φ(x), on the minimiser: the origin attracts and the cycle repels"),
    Row("M15", "Minimax is more difficult than just optimization",
        "Forsaken: a stable point inside an attracting cycle at offset 0.45; at 0.5 the point repels", "corrected",
        "the slide prints the offset 0.5: the point repels, and nothing is forsaken; at 0.45 it is stable for the "
        "flow, yet no local Nash equilibrium; the cycle that attracts has the period 7.548004"),
    Row("M16", "Minimax is more difficult than just optimization",
        "Small steps of GDA, EG, OGDA and PPM lead to the attracting cycle, not to a critical point", "as printed",
        "steps small against ε: at α > ε EG, OGDA and PPM end in the almost bilinear game's origin"),
    Row("M17", "When do the algorithms converge?",
        "Best ρ of ⟨V(z), z − z*⟩ ≥ ρ‖V(z)‖², and L, of planar games: forsaken ρ = −1.520566, ρL = −18.86", "corrected",
        "the published ρ = −0.477761 of forsaken, ρL = −5.93, is only a local minimum of the quotient, at "
        "(−1.012, −0.105): on the box [−1.5, 1.5]² the least is −1.52056615, at (−0.258, 0.792)"),
    Row("M18", "When do the algorithms converge?",
        "EG+ (ρL > −1/8), CEG+ (ρL > −1/2): min ‖Vz̄‖² ≤ ‖z₀ − z*‖²/(Kαγ²(1 − α + 2ρ/γ))", "as printed"),
    Row("M19", "When do the algorithms converge?",
        "AdaptiveEG+ and CurvatureEG+ solve the forsaken game, on which GDA and EG go round", "as printed",
        "CurvatureEG+ from every start tried; AdaptiveEG+ with γ = 0.45, while with γ = 1/L it goes round too"),
    Row("M20", "When do the algorithms converge?",
        "−1/(2L) is tight: on a·xy + b(x² − y²)/2 with b < 0, CEG+ contracts iff α < 1 + 2ρL", "as printed"),
    Row("M21", "When do the algorithms converge?",
        "BC-SEG+ evaluates one sample twice: its error vanishes, that of stochastic EG+ stalls", "as printed"),
    Row("M22", "An alternative proposal: From pure to mixed Nash equilibrium (NE)",
        "Mixed strategies give a finite game one value, min max = max min; ⟨p, Gq⟩ = ⟨G†p, q⟩", "as printed"),
    Row("M23", "GAN training as infinite dimensional matrix games",
        "Gap of averages: O(1/√T) by entropic mirror descent, (ln m + ln n)/(ηT) by mirror-prox", "as printed"),
    Row("M24", "GAN training as infinite dimensional matrix games",
        "Langevin particles play a continuous game's mixed strategies; an LP on a grid is the oracle", "as printed"),
    Row("M25", "Escaping traps with the mixed-NE concept",
        "−ω²x² + ωx traps gradient play on xω = 1/2 at value 1/4; Langevin play nears the value 0", "as printed"),
    Row("M26", "Recall: Wasserstein GANs formulation",
        "An exact 1-Lipschitz dual makes the WGAN objective W₁; clipping and penalties miss it", "as printed"),
    Row("M27", "Application to 25 Gaussians: Algorithms matter",
        "Modes covered and sample quality under SGD, Adam, Mirror-GAN and Mirror-Prox-GAN", "as printed",
        "one round of each is checked; no claim ranks them. In the figure, at a small budget, algorithms do matter: "
        "SGD fails; but Adam leads, and Mirror-Prox-GAN is not better than Mirror-GAN"),
    # sampling
    Row("S01", "The sampling problem",
        "The score −∇f of every target is ∇log π, by hand and by automatic differentiation", "as printed"),
    Row("S02", "Langevin Monte Carlo",
        "Distances of laws: TV ≤ √(KL/2), W₂² ≤ (2/a)KL and KL ≤ FI/(2a), each tight somewhere", "as printed"),
    Row("S03", "Iterative refinement like in optimization: MCMC",
        "LMC on N(m, A⁻¹): stable iff η < 2/λmax; covariance [A(I − ηA/2)]⁻¹, exact at every step", "as printed"),
    Row("S04", "Iterative refinement like in optimization: MCMC",
        "LMC's law is off by O(η); Metropolis adjustment (MALA, beyond) takes the error away", "as printed"),
    Row("S05", "Langevin Monte Carlo",
        "Log-Sobolev: KL ≤ e^(−2at)KL₀ for the flow, ≤ e^(−aηk)KL₀ + 8ηpL²/a for LMC, η ≤ a/(4L²)", "as printed"),
    Row("S06", "Langevin Monte Carlo",
        "Six complexity bounds in p, L and ε, as functions; no measured count of steps exceeds them", "as printed"),
    Row("S07", "Iterative refinement like in optimization: MCMC",
        "LMC discretises the Wasserstein gradient flow of KL, whose rate is the Fisher information", "as printed"),
    Row("S08", "Iterative refinement like in optimization: MCMC",
        "Underdamped: stationary e^(−f) × N(0, uI), exact BAOAB variances, √κ steps instead of κ", "as printed"),
    Row("S09", "Iterative refinement like in optimization: MCMC",
        "Projected LMC never leaves its set; the mass it puts on the boundary vanishes with η", "as printed"),
    Row("S10", "Iterative refinement like in optimization: MCMC",
        "Mirrored LMC samples the Dirichlet law; its dual potential is convex even for aᵢ < 1", "as printed"),
    Row("S11", "Langevin Monte Carlo",
        "Double-loop ULA lowers its step in an outer loop: against LMC for the same gradients", "as printed"),
    Row("S12", "Iterative refinement like in optimization: MCMC",
        "Some f take LMC polynomially many steps in p, and a search for the minimiser e^p many", "as printed"),
    Row("S13", "Iterative refinement like in optimization: MCMC",
        "Perturbed SGD and LMC are one function at two scales of the noise", "as printed"),
    # diffusion
    Row("D01", "Hyvärinen's trick",
        "½E‖h − ∇log π‖² = E[½‖h‖² + tr ∇h] + const, as long as πh vanishes at the boundary", "as printed"),
    Row("D02", "Hyvärinen's trick",
        "Score matching halves ‖h‖²: without the ½, as on the left of (5), the best h is ½∇log π", "corrected"),
    Row("D03", "Hyvärinen's trick",
        "Sliced score matching equals it iff E[vvᵀ] = I; unit vectors may move the minimiser", "as printed"),
    Row("D04", "Hyvärinen's trick",
        "Denoising score matching learns ∇log π_σ: minimum (p/2)(1/σ² − 1/(v + σ²)) on N(0, vI)", "as printed"),
    Row("D05", "Learning the score",
        "A small network learns the score of a planar mixture from each of the three losses", "as printed"),
    Row("D06", "Weaknesses of score matching",
        "Two distant modes: the Fisher divergence forgets their weights exponentially, KL does not", "as printed"),
    Row("D07", "A denoising perspective on sampling",
        "Tweedie: E[X|X_σ] = X_σ + σ²∇log π_σ(X_σ), and Cov[X|X_σ] = σ²I + σ⁴∇²log π_σ", "as printed"),
    Row("D08", "A denoising perspective on sampling",
        "No denoiser has a smaller mean squared error: adding δ to the best one costs E‖δ‖²", "as printed"),
    Row("D09", "Examples of optimal denoising on MNIST",
        "Over finite data the denoiser is a softmax average: mean at σ = ∞, nearest point at σ = 0", "as printed"),
    Row("D10", "Examples of optimal denoising on MNIST",
        "Out of much noise comes an average of many digits: its weights' entropy grows with σ", "as printed"),
    Row("D11", "The answer: Diffusion models",
        "One jump from much noise misses the target law; many small denoising steps reach it", "as printed"),
    Row("D12", "Score-based Generative Models with SDEs - Forward process",
        "VP, sub-VP and VE: the ODEs of mean and variance integrate to the transition kernels", "as printed"),
    Row("D13", "Reverse diffusion",
        "Reverse SDE and probability-flow ODE retrace the forward marginals under the exact score", "as printed"),
    Row("D14", "Reverse diffusion",
        "Likelihood along the probability flow: log p₀(x₀) = log p_T(x_T) + ∫₀ᵀ div dt", "as printed"),
    Row("D15", "Joint training of the score network",
        "h(a, t) learns the score from the λ(t)-weighted loss; λ = std² makes targets unit-variance", "as printed",
        "times begin at t₀ > 0: at t = 0 the kernel has no density, and on finite data the score does not exist"),
    Row("D16", "Joint training of the score network",
        "The trained network samples mixtures and digits, by class too: how close, how memorised", "as printed"),
    Row("D17", "Analyzing what happens during the progressive denoising",
        "Noise has a flat spectrum; low frequencies emerge first, each by the factor S/(S + Nσ²)", "as printed"),
    Row("D18", "Theoretical guarantees",
        "TV ≲ e^{−T} + (L√(ph) + Lm₂h)√T + ε√T; at the end only √p, L and ε are tight", "as printed",
        "paths have all of it in KL; the law at the end errs by h, e^{−2T} and no √T; the title's \"hard\" is \"easy\" "
        "in the paper, and L is that of all ∇log p_t"),
    Row("D19", "Theoretical guarantees",
        "Laws as simple as Gaussian noise behind one layer cannot be learnt in polynomial time", "stated only",
        "a lower bound over all algorithms: running some of them cannot establish it"),
    Row("D20", "Theoretical guarantees for score-matching",
        "Score matching errs by no more than 1/√n, by 1/n on Gaussians; t₀ = 0 has no meaning", "corrected"),
    Row("D21", "Modern tricks to generate appealing images",
        "Classifier guidance is Bayes: ∇log p_t(a|y) = ∇log p_t(a) + ∇log p_t(y|a)", "as printed"),
    Row("D22", "Modern tricks to generate appealing images",
        "Guiding by (1 + w)s_c − w s_u misses the tilted law: variances 1/2 and 7/12, not 2/3", "as printed"),
    Row("D23", "Modern tricks to generate appealing images",
        "A cascade of low resolution and super-resolution: its composite law, exact on mixtures", "as printed"),
    Row("D24", "What about natural distributions?",
        "Data on a thin set: scores grow like dist/σ², and denoising tends to the projection", "as printed"),
    # networks
    Row("N01", "Robustness in deep learning: initialization in deep ReLU NNs",
        "Six initialisations as scales (β₁², β², β_L², α) in p and m", "as printed"),
    Row("N02", "Robustness in deep learning: initialization in deep ReLU NNs",
        "(beyond) E‖∇h‖² = α⁻²(½β_L²m)(½β²m)^(L−2)(½β₁²p): m cancels for LeCun and He", "as printed"),
    Row("N03", "Robustness in deep learning: average-case metric",
        "P = ε c_p E‖∇h‖ with a closed-form c_p: linear in ε, and â need not be sampled", "as printed"),
    Row("N04", "Robustness in deep learning: average-case metric",
        "(beyond) O(mL) operations draw (h, ∇h) at initialisation, in the dense network's law", "as printed",
        "O(L + p) are enough: chi variables for the norms of the layers, binomial ones for their active neurons"),
    Row("N05", "Robustness in deep learning: main results (Lazy-training regime)",
        "Bounds on P/ε under LeCun, He and NTK, and their trends in m and L, against exact values", "corrected",
        "the bounds hold at initialisation (constants 1/(2√π), 1/√π, 1/√(2π)) and turn at m = L³/2, but of the trends "
        "printed for them only LeCun's in depth is that of P, which falls by √½ a layer there. The others are not: "
        "exactly, P is its limit in m times 1 − 5(L − 1)/(8m) + O(m⁻²), so that it rises with m and falls with L for "
        "all three, by little (0.3 % at m = 1000, L = 6): width does not help, and depth does not hurt. LeCun's bound "
        "itself falls with depth, up to L = 10, only if m > 8831: at m = 1000 it rises 23-fold"),
    Row("N06", "Robustness in deep learning: width and depth & other trade-offs",
        "NTK bounds side by side: √(L³m)e^(−m/L³) + 1 [83], L²m^(1/3)√(log m) + √(mL) [81], [41]", "as printed",
        "the first is √(L³m/p)e^(−m/L³) + 1 on the slide of the theorem: the table leaves √p out, which is weaker"),
    Row("N07", "Robustness in deep learning: lazy training experiment for FCN",
        "Stability of networks trained on digits, dense and convolutional, by width and depth", "measured",
        "first a floor, for ‖a‖ = 1 and labels ±1: P ≥ εc_p E|h|, so that LeCun's bound, which falls to 0.0022 at "
        "L = 10, is below the c_p = 0.0285 of any network that fits. Then our experiment, with a linear last layer "
        "and m far below L³, outside the theorem: at width 32, L = 2, 4, …, 10, on 300 digits, P after training is "
        "four to thirteen times that of He's start and the same within a factor 2 at all depths under both "
        "initialisations, LeCun's included; it rises in training for convolutional networks too. The pictures come "
        "without loss, labels or time of training"),
    Row("N08", "Robustness in deep learning: lazy-training",
        "Wide networks in NTK scaling hardly move, relatively, and follow their linearisation", "as printed",
        "spectral norms change by m^(−½), the last layer's by m^(−3/2), outputs part from the linearisation by m^(−½); "
        "He is lazy too, and so is the table's mean-field from three layers on"),
    Row("N09", "Robustness in deep learning: initialization in deep ReLU NNs",
        "Two layers are linear iff γ < 1 or γ' > γ − 1, condensed iff γ > 1 and γ' < γ − 1", "as printed",
        "with LeCun and He at (½, ½), E at (0, 0), Xavier and mean-field at (1, 0), critical; the table's NTK, without "
        "α = √m, is at (½, −½), not at (½, 0); the measured exponents are those of an explicit formula"),
    Row("N10", "Robustness in deep learning: main results (Non-lazy training regime)",
        "Non-lazy if α ≫ (m^(3/2) Σβᵢ)^L; two layers, β = m^(−c): P ~ m^(½−2c), then of order 1", "corrected",
        "printed is P ≤ Õ(n/m^(c+1.5)): at the start it fails for c < 2, where P/ε ~ m^(½−2c), and after training for "
        "all c, as h(a) = ⟨∇h(a), a⟩ makes P/ε ≥ c_p|h|/‖a‖, with a linear last layer and with the slide's ReLU: width "
        "does not help. The slide names neither time, ε nor "
        "its standard assumptions: of the start it holds for c ≥ 2 − ν with n = m^ν points, and c > 1.5 suffices at "
        "n near √m only; of trained networks it holds for ε as small as itself only. The condition is sufficient but "
        "far from necessary: spectral norms show α ≫ (m^(1/2) Σβᵢ)^L enough, that is c > ½ and not c > 1.5"),
    Row("N11", "Implementation of μP: abc-parameterizations",
        "Parameterisations (a, b, c) that differ by the shift symmetry train alike, step by step", "as printed",
        "the printed exponents are those of SGD; Adam needs others, with c − θ in place of c − 2θ in the symmetry"),
    Row("N12", "μ-transfer: Zero-shot hyperparameter transfer with μP",
        "Under μP each update ΔX_l h⁽ˡ⁻¹⁾ keeps its size at every width; under SP it does not", "as printed",
        "entry by entry, as a root mean square; slopes under SP: −½, ½, 1 with SGD, 0, 1, 1 with Adam"),
    Row("N13", "μ-transfer: transferability and empirical results",
        "The best learning rate does not move with the width under μP; under SP it drifts", "measured",
        "two hidden layers on digits, 40 steps of SGD or Adam, from width 32 to 256: log₂ η* moves by less than 0.35 a "
        "doubling under μP and falls by more than that under SP. The figure trains with Adam, for which the exponents "
        "on the slide before do not transfer"),
    Row("N14", "μ-transfer: transferability and empirical results",
        "At the best learning rate μP has the same largest Hessian eigenvalue at every width", "measured",
        "on digits after 60 steps of SGD, from width 32 to 256: its exponent in m is within ±0.35 under μP and above "
        "0.35 under SP; its product with the rate is between ½ and 4, 2 being the edge of stability, in both"),
    Row("N15", "The good, the bad and the ugly in deep learning",
        "For robustness width is good, depth is bad, and the initialisation is ugly", "stated only",
        "a summary of slides before, without a formula: N05, N07 and N10 say what becomes of it, that width does not "
        "help at the start, nor small starts after training, and that depth does not hurt the start"),
    Row("N16", "Robustness in deep learning: width and depth & other trade-offs",
        "Depth counts more than width for expressiveness: 2L neurons in L layers make 2^L pieces", "as printed",
        "the tent map composed L times; one hidden layer needs 2^L neurons, not only the 2^L − 1 that have pieces "
        "enough. The theorem of [78], that depth cannot be replaced by width but width by depth, is stated only"),
    Row("N17", "μ-transfer: transferability and empirical results",
        "μP extends to further architectures and algorithms; under it wider networks are better", "measured",
        "two hidden layers on digits, 40 steps: at one and the same rate, the best or half of it, the mean loss at "
        "width 256 is less than at 32 with SGD and with Adam. For state-space models [77] and SAM [34] the slide's "
        "sentence is stated only: neither is trained here"),
    # robustness
    Row("R01", "Robustness examples in ML",
        "Attacks cost a linear model ε times a dual norm of margin, which FGSM and PGD attain", "as printed",
        "on ReLU networks both may miss the worst case, which a mixed-integer program finds; PGD for ℓ₂ with bounds "
        "that bind misses it even on linear losses: projecting, then clipping is not projecting onto both"),
    Row("R02", "Robustness examples in ML",
        "SAM ascends by εg/‖g‖₂, exact for linear losses, and settles in flatter minima", "as printed",
        "along a curve of minima, at the rate e^(−2αε²k). From a sharp well it may come to rest at distance ε, where "
        "x + η is the sharp minimum: neither a minimum nor flat, and not where the worst loss is least"),
    Row("R03", "Robustness examples in ML",
        "Digits: clean and attacked accuracy over ε, after adversarial training and after ERM", "as printed",
        "measured: at ε = 0.1 (ℓ∞) a small network keeps 0.6 of unseen digits under PGD after adversarial training and "
        "0.05 after ERM, which is right for 0.91 of clean ones, against 0.86. The cost is not a law: trained longer on "
        "more digits, against ε = 0.05, it reads more clean ones than ERM. PGD bounds robust accuracy from above only"),
    Row("R04", "Robustness in deep learning: estimation of Lipschitz constant",
        "Sampled ≤ exact ≤ certified Lipschitz constants, for every method in its own norm", "as printed",
        "LiPopt is exact at its last degree, p + m, for all patterns, whether they occur or not; on the Gaussian "
        "networks tried its lowest degree was as good, where neurons come in pairs ±w it is not. LipMIP's program "
        "alone also admits patterns that occur only at zero preactivations."),
    Row("R05", "Robustness in deep learning: estimation of Lipschitz constant",
        "LipSDP needs diagonal multipliers: coupled ones certify 0 where the constant is 1", "corrected",
        "the slide cites LipSDP as a whole; its variant that couples neurons by ζ(eᵢ − eⱼ)(eᵢ − eⱼ)ᵀ is no bound"),
    Row("R06", "Robustness in deep learning: estimation of Lipschitz constant",
        "The ℓ∞ SDP bound pairs its constant row with t, the input's signs; paired with s it fails", "corrected",
        "the form paired with s gives half of L_∞ for one neuron whose weights have the sum 0"),
    Row("R07", "Robustness in deep learning: estimation of Lipschitz constant",
        "LipSDP: L = √ρ from a matrix inequality; positive weights have L₂ = ‖W_ℓ…W₁‖₂", "as printed",
        "with positive weights LipSDP attains it, at any depth"),
    Row("R08", "Robustness in deep learning: worst-case metric",
        "The more neurons, the smaller the Lipschitz constant of an interpolating network: a trend", "as printed",
        "a trend, measured in three dimensions for neurons that are drawn, not trained: the least constant never rises "
        "with more of them, and no network is flatter than the steepest pair of its data"),
    Row("R09", "Robustness in deep learning: estimation of Lipschitz constant",
        "LipMIP is exact for ℓ₁ and ℓ∞, not for any norm as its row of the table has it", "corrected",
        "in ℓ₁ and ℓ∞ signs make the dual norm linear; in ℓ₂ it is the largest of infinitely many linear functions, "
        "and the two values that the programs give do not determine it"),
    # control
    Row("C01", "Standard Reinforcement Learning",
        "Return, V, Q and J on finite decision processes: Bellman, J = E V(s) = E Q(s, μ(s))", "as printed"),
    Row("C02", "Deterministic Policy Gradient",
        "∇J = E[∇μ ∇ₐQ], exact on linear-quadratic control; off-policy critics bias it", "as printed",
        "The slide's ≈ for s ~ D: with the exact critic the mean is 2E_K D, not 2E_K Σ_K; for D = S₀ it lacks "
        "2γE_K FΣ_K Fᵀ, F = A − BK. It is 0 at the optimum for every D, goes downhill for D ∝ I (natural gradient), "
        "and uphill for some D at almost every other gain if there are fewer actions than states; else there are gains "
        "from which every D leads downhill."),
    Row("C03", "An optimization interpretation",
        "Noise on actions or parameters optimises J smoothed by a Gaussian", "as printed",
        "On linear-quadratic control: noise on actions costs J from S₀ + σ²γ/(1 − γ) BBᵀ plus a constant, with the "
        "same best gain; on gains at each stage, finite for γσ² tr(BᵀXB) < 1, with another best gain; on gains once an "
        "episode, the smoothed J of T stages, which has no limit in T for any σ > 0."),
    Row("C04", "Robust Reinforcement Learning",
        "Robust actions: max over μ of the min over ν; the printed max lets the adversary help", "corrected",
        "With 0 in 𝒩, the printed optimum is that of plain J, attained by the plain optimal policy. With min, linear-"
        "quadratic control still has the plain K* for every 𝒩 = −𝒩; finite processes may have another μ. Q^μ lets the "
        "adversary act once only: see C05."),
    Row("C05", "Application: Noisy action robust reinforcement learning",
        "Action (1 − δ)μ + δν against an adversary ν: the game's Riccati equation solves LQ", "as printed",
        "Without bounds the adversary must pay, λ|ν|². Where costs are of what is done, the policy cancels him: "
        "K*/(1 − δ), ν = 0, the plain value, for all λ > δ²λmax(R + γBᵀPB); below, he wins without bound if he "
        "answers, but not if the policy does. Where its own action costs, he is felt. On finite processes "
        "probabilities are mixed."),
    Row("C06", "Application: Noisy action robust reinforcement learning",
        "MixedNE-LD, each player against the other's average: the trap, LQ and a pendulum", "open"),
    Row("C07", "Application: Noisy action robust reinforcement learning",
        "The same agents on a public simulator's pendulum", "open"),
)
# fmt: on

ROWS: dict[str, Row] = {row.id: row for row in TABLE}
