"""Train the lexical scorer with scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from classifier.lexical import LexicalScorer, features, tfidf
from classifier.taxonomy import LABELS

MIN_DOCUMENTS = 2
MAX_FEATURES = 150_000
INVERSE_REGULARISATION = 8.0


def train_lexical(
    texts: Sequence[str], contexts: Sequence[str], labels: np.ndarray, weight: np.ndarray
) -> LexicalScorer:
    """One logistic regression per label over TF-IDF features.

    Args:
        labels: 0/1 of shape (sentences, labels); ``weight`` one per sentence.
    """
    counter = CountVectorizer(
        analyzer=features, min_df=MIN_DOCUMENTS, max_features=MAX_FEATURES, dtype=np.float32
    )
    counts = counter.fit_transform(list(zip(texts, contexts, strict=True)))
    present = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = (np.log((1 + counts.shape[0]) / (1 + present)) + 1).astype(np.float32)
    matrix = tfidf(counts, idf)
    weights = np.zeros((counts.shape[1], len(LABELS)), np.float32)
    bias = np.full(len(LABELS), -10.0, np.float32)
    for column in range(len(LABELS)):
        # A label without examples keeps its low bias: it is never predicted.
        if labels[:, column].any():
            model = LogisticRegression(solver="liblinear", C=INVERSE_REGULARISATION)
            model.fit(matrix, labels[:, column], sample_weight=weight)
            weights[:, column] = model.coef_[0]
            bias[column] = model.intercept_[0]
    return LexicalScorer(list(counter.get_feature_names_out()), idf, weights, bias)
