//! The inputs that a model takes, by the signature in its `MLmodel` file.

use serde::Deserialize;
use serde_json::Value;

use super::yaml::sentence;
use super::{ColumnType, limits};

/// The inputs of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// The model has no signature, or one without inputs.
    Absent,
    /// Columns or tensors that are known by their place only.
    Unnamed,
    Named(Vec<Input>),
}

/// An input of a model that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub name: String,
    pub column_type: ColumnType,
    pub is_tensor: bool,
    pub required: bool,
}

#[derive(Deserialize)]
struct MlModel {
    signature: Option<Signature>,
}

/// The lists of columns are JSON inside of the YAML.
#[derive(Deserialize)]
struct Signature {
    inputs: Option<String>,
}

impl Inputs {
    /// Reads them from an `MLmodel` file; the error says why that cannot be done.
    pub fn of_mlmodel(file: &[u8]) -> Result<Self, String> {
        if file.len() > limits::MLMODEL {
            return Err(format!("it has more than {} bytes", limits::MLMODEL));
        }
        let text = std::str::from_utf8(file).map_err(|_| "it is not UTF-8".to_owned())?;
        let model: MlModel = serde_saphyr::from_str(text).map_err(|error| sentence(&error))?;
        let Some(inputs) = model.signature.and_then(|signature| signature.inputs) else {
            return Ok(Self::Absent);
        };
        let columns: Vec<Value> = serde_json::from_str(&inputs)
            .map_err(|error| format!("the inputs of its signature are no list in JSON: {error}"))?;
        let inputs: Option<Vec<Input>> = columns.iter().map(input).collect();
        Ok(match inputs {
            Some(inputs) if inputs.is_empty() => Self::Absent,
            Some(inputs) => Self::Named(inputs),
            None => Self::Unnamed,
        })
    }
}

/// One input, if it has a name.
fn input(column: &Value) -> Option<Input> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = column["name"].as_str()?.to_owned();
    let tensor = &column["tensor-spec"]["dtype"];
    let is_tensor = tensor.is_string();
    let column_type = if is_tensor {
        ColumnType::of_tensor(&text(tensor))
    } else {
        ColumnType::of_signature(&text(&column["type"]))
    };
    Some(Input {
        name,
        column_type,
        is_tensor,
        // Before there was 'required', MLflow wrote 'optional'.
        required: column["required"]
            .as_bool()
            .unwrap_or_else(|| column["optional"].as_bool() != Some(true)),
    })
}
