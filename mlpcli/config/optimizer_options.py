"""Options that several optimizers have, among them factors on the rate by kind of parameter."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from mlpcli.config.fading_spec import WeightDecay
from mlpcli.config.fields import Number, Whole, Word
from mlpcli.config.refusals import value_of
from mlpcli.config.shapes import Closed, Maybe

Rate = Annotated[float, Number(above=0), Field(description="step size; a schedule changes it during the run")]
Decay = Annotated[
    WeightDecay,
    Field(description="weight decay on weights, not on biases, the way torch does it for this optimizer"),
]
Momentum = Annotated[float, Number(at_least=0, below=1), Field(description="share of the last step kept")]
Beta1 = Annotated[float, Number(at_least=0, below=1), Field(description="decay of the mean of gradients")]
Beta2 = Annotated[
    float, Number(at_least=0, below=1), Field(description="decay of the mean of squared gradients")
]
Epsilon = Annotated[
    float, Number(above=0), Field(description="added to a denominator so that it is never zero")
]
Rho = Annotated[float, Number(at_least=0, below=1), Field(description="decay of the running mean of squares")]
Iterations = Annotated[
    int, Whole(1, 10**9), Field(description="most iterations; reaching them is a normal end")
]
Tolerance = Annotated[
    float, Number(at_least=0), Field(description="end when no entry of the gradient is larger than this")
]

Factor = Annotated[float, Number(above=0)]


class RatesSpec(Closed):
    """Factors on the learning rate by kind of parameter; a decoupled weight decay has them too."""

    weight: Annotated[
        Annotated[Factor, Tag("a factor")]
        | Annotated[Literal["fan_in"], Word("a number above 0 or fan_in"), Tag("a word")],
        Discriminator(lambda given: "a word" if isinstance(value_of(given), str) else "a factor"),
        Field(
            description="of the weights of layers and the tables of categories; `fan_in`: 1/√inputs for each "
            "matrix of weights, a table's being 1, which leaves the decay as it is"
        ),
    ] = 1.0
    bias: Annotated[Factor, Field(description="of biases")] = 1.0
    scaling: Annotated[Factor, Field(description="of the learnt factor of each input")] = 1.0
    embedding: Annotated[Factor, Field(description="of embeddings of numbers")] = 1.0
    activation: Annotated[Factor, Field(description="of learnt activations")] = 1.0
    normalization: Annotated[Factor, Field(description="of scales and shifts of a normalization")] = 1.0


Rates = Annotated[
    Maybe[RatesSpec],
    Field(description="factors on the learning rate by kind of parameter; default: all 1"),
]
