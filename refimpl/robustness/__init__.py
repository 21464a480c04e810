"""Robustness: adversarial training, sharpness, and Lipschitz constants of networks.

- `duality`: norms on inputs, their duals, and the steepest directions
- `linear_models`: adversarial risk of linear models, exactly
- `adversarial`: attacks on inputs, FGSM and PGD
- `worst_case_milp`: the exact worst case of a small ReLU network
- `sharpness`: SAM, and the exact worst perturbation of a quadratic loss
- `landscapes`: losses of two parameters whose minima differ in sharpness
- `robust_training`: adversarial training, and accuracy under attacks
- `digit_classifiers`: trainings on real digits, as jobs
- `lipschitz`: Lipschitz constants, sampled, exact and certified
- `relu_networks`: networks whose last layer is linear, and gradients of activation patterns
- `activation_patterns`: which patterns occur, for exact constants
- `lipmip_programs`: mixed-integer programs of LipMIP
- `lipopt_polynomials`: polynomials and linear programs of LiPopt
- `semidefinite_programs`: the optional solver, and eigenvalues of certain sign
- `lipsdp_multipliers`: the matrix and the proofs of LipSDP
- `linf_sdp_signs`: the matrix and the proofs of the bound by relaxed signs
- `law_of_robustness`: the flattest networks through given data
- `margin_bounds`: complexity of networks in bounds of their generalization
"""
