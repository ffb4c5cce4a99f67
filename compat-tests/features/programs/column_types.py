"""Asks MLflow itself which column of a data frame it takes for which type of a signature."""

import json
import sys
import warnings
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.models.utils import _enforce_schema
from mlflow.types.schema import ColSpec, DataType, Schema
from sklearn.linear_model import LinearRegression

warnings.filterwarnings("ignore")

# Zero and one are not among the numbers: MLflow takes those for what they are not.
COLUMNS = {
    **{kind: [2, 3] for kind in ("int8", "int16", "int32", "int64", "Int64")},
    **{kind: [2, 3] for kind in ("uint8", "uint16", "uint32", "uint64")},
    **{kind: [2.5, 3.5] for kind in ("float16", "float32", "float64", "Float64")},
    **{kind: [True, False] for kind in ("bool", "boolean")},
    **{kind: ["x", "y"] for kind in ("str", "string", "category")},
    **{kind: pd.to_datetime(["2020-01-01"] * 2) for kind in ("datetime64[ns]", "datetime64[us]")},
    "datetime64[ns, UTC]": pd.to_datetime(["2020-01-01"] * 2, utc=True),
    "timedelta64[ns]": pd.to_timedelta([1, 2]),
    "complex128": [1j, 2j],
}


def is_taken(column: pd.Series, kind: DataType) -> bool:
    try:
        _enforce_schema(pd.DataFrame({"column": column}), Schema([ColSpec(kind, "column")]))
    except Exception:
        return False
    return True


def main() -> None:
    names = {f"{kind.name} from {dtype}": (kind, dtype) for kind in DataType for dtype in COLUMNS}
    Path("feature_retrieval_spec.yaml").write_text(
        "feature_store_uri: feast:x\nfeatures:\n"
        + "".join(f"- {{name: '{name}', source: 'table:v1'}}\n" for name in names)
    )
    inputs = Schema([ColSpec(kind, name) for name, (kind, _) in names.items()])
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            LinearRegression(),
            name="model",
            signature=ModelSignature(inputs=inputs),
            extra_files=["feature_retrieval_spec.yaml"],
            pip_requirements=["scikit-learn"],
            registered_model_name="types",
            serialization_format="cloudpickle",
        )
    columns, refused = [], []
    for name, (kind, dtype) in names.items():
        column = pd.Series(COLUMNS[dtype], dtype=dtype)
        columns.append({"name": name, "type": str(column.dtype)})
        if not is_taken(column, kind):
            refused.append(name)
    Path(sys.argv[1]).write_text(json.dumps({"columns": columns, "refused": refused}))


main()
