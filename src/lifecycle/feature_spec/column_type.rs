//! Types of columns: those of signatures, and those that data frames and arrays call theirs.

/// The type of a column under the name that it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnType {
    name: String,
    kind: Kind,
}

/// What a name means. Numbers come with their size in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Boolean,
    Signed(u8),
    Unsigned(u8),
    Float(u8),
    Text,
    Bytes,
    Datetime,
    /// pandas' `object`: a column of any Python values. In a signature, `object` is a [`Kind::Nested`].
    Python,
    Nested,
    Any,
    Unknown,
}

impl ColumnType {
    /// The type of a column in a request, by the name that MLflow, `NumPy` or pandas has for it.
    pub fn of_request(name: &str) -> Self {
        let kind = match name.to_lowercase().as_str() {
            "object" => Kind::Python,
            "list" | "dict" | "struct" => Kind::Nested,
            lower => kind(lower),
        };
        Self::new(name, kind)
    }

    /// The type of a column in a signature.
    pub fn of_signature(name: &str) -> Self {
        let kind = match name {
            "array" | "object" | "map" | "sparkml_vector" => Kind::Nested,
            "any" => Kind::Any,
            name => kind(name),
        };
        Self::new(name, kind)
    }

    /// The type of a tensor's elements.
    pub fn of_tensor(name: &str) -> Self {
        let kind = match name {
            "object" => Kind::Python,
            name => kind(name),
        };
        Self::new(name, kind)
    }

    fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
        }
    }

    /// The name of the type as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a column of this type can go in where a signature has another. MLflow widens numbers
    /// where that loses nothing, and takes Python values for whatever is not a number.
    pub fn fits_column(&self, wanted: &Self) -> bool {
        match (&self.kind, &wanted.kind) {
            (_, Kind::Any) | (Kind::Text, Kind::Bytes) => true,
            (Kind::Unknown, _) => false,
            (Kind::Signed(given), Kind::Signed(wanted))
            | (Kind::Unsigned(given), Kind::Unsigned(wanted))
            | (Kind::Float(given), Kind::Float(wanted)) => given <= wanted,
            (Kind::Unsigned(given), Kind::Signed(wanted)) => given < wanted,
            (Kind::Signed(given) | Kind::Unsigned(given), Kind::Float(8)) => *given <= 4,
            (Kind::Python, wanted) => {
                !matches!(wanted, Kind::Signed(_) | Kind::Unsigned(_) | Kind::Float(_))
            }
            (given, wanted) => given == wanted,
        }
    }

    /// Whether an array of this type can go in where a signature has a tensor. Nothing is converted.
    pub fn fits_tensor(&self, wanted: &Self) -> bool {
        match (&self.kind, &wanted.kind) {
            (Kind::Unknown, Kind::Unknown) => self.name == wanted.name,
            (given, wanted) => given == wanted,
        }
    }
}

fn kind(name: &str) -> Kind {
    match name {
        "boolean" | "bool" => Kind::Boolean,
        "int8" => Kind::Signed(1),
        "int16" => Kind::Signed(2),
        "integer" | "int32" => Kind::Signed(4),
        "long" | "int64" => Kind::Signed(8),
        "uint8" => Kind::Unsigned(1),
        "uint16" => Kind::Unsigned(2),
        "uint32" => Kind::Unsigned(4),
        "uint64" => Kind::Unsigned(8),
        "float16" => Kind::Float(2),
        "float" | "float32" => Kind::Float(4),
        "double" | "float64" => Kind::Float(8),
        "string" | "str" => Kind::Text,
        "binary" | "bytes" => Kind::Bytes,
        "datetime" => Kind::Datetime,
        "array" | "map" => Kind::Nested,
        // With a time zone, MLflow takes none.
        name if name.starts_with("datetime64") && !name.contains(',') => Kind::Datetime,
        name if name.starts_with("string[") => Kind::Text,
        _ => Kind::Unknown,
    }
}
