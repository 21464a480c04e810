"""How the initialisation of deep networks decides on their stability, their training and their learning rates.

- `initialization`: the lecture's table of six initialisations, and weights drawn by it
- `fully_connected`: the deep ReLU network without biases, and its gradients
- `gradient_law`: output and input gradient at initialisation, sampled in their exact law without matrices
- `gradient_moments`: the exact mean of the input gradient's norm at initialisation
- `perturbation_stability`: the average-case metric, its exact value at initialisation, and the bounds on it
- `tent_maps`: depth against width: the tent map composed layer by layer, and what one layer needs for it
- `stability_estimators`: three Monte Carlo estimators of the perturbation stability
- `convolutional`: a small convolutional ReLU network, and its gradients
- `trained_stability`: networks trained on digits, dense and convolutional, and their stability before and after
- `training`: full-batch gradient descent on the squared loss, of one network or several at once
- `lazy_training`: how far weights move, relatively, and the linearised network that lazy ones follow
- `phase_diagram`: where initialisations are linear, critical or condensed, and how far weights move there
- `non_lazy`: the condition for non-lazy training, the printed bound, and what small starts must do
- `mup`: parameterisations (a, b, c) by powers of the width: μP, standard, neural-tangent
- `mup_training`: networks in a parameterisation, trained by SGD or Adam
- `mup_symmetry`: parameterisations that train alike, μP's published tables, and how fast updates grow
- `coordinate_check`: what an update adds to each layer's preactivations
- `mup_transfer`: trainings on digits of many widths, and the learning rate that is best for each
- `transformer`: a small causal transformer, and its gradient
- `transformer_training`: the transformer trained on text, in a parameterisation
- `hessian`: products with the loss's Hessian, and its largest eigenvalue
"""
