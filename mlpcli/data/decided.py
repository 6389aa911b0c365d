"""What the data decided about the features, as the settings that would decide it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlpcli.config.spec import EncodeSpec, FeatureSpec
from mlpcli.data.date_feature import DateFeature
from mlpcli.data.feature import Feature
from mlpcli.data.indicator_feature import MissingFeature


def decided_features(features: Sequence[Feature], asked: Mapping[str, FeatureSpec]) -> dict[str, FeatureSpec]:
    """The settings of each feature, its encoding among them also where nobody asked for one."""
    found = {}
    for feature in features_of_columns(features):
        spec = asked.get(feature.name, FeatureSpec())
        found[feature.name] = spec.model_copy(update={"encode": _encoding(feature, spec.encode)})
    return found


def features_of_columns(features: Sequence[Feature]) -> list[Feature]:
    """The features, without inputs that say whether the one before is missing."""
    return [feature for feature in features if not isinstance(feature, MissingFeature)]


def _encoding(feature: Feature, asked: EncodeSpec | None) -> EncodeSpec:
    if asked is None:
        asked = EncodeSpec.model_validate(feature.encode)
    if isinstance(feature, DateFeature):
        return asked.model_copy(update={"parts": feature.parts, "format": feature.form})
    return asked
