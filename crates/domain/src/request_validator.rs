//! Request validators: what of a call is checked before it goes on.

use serde::{Deserialize, Serialize};

/// A request validator of an API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestValidator {
    /// Its id.
    pub id: String,
    /// A name.
    pub name: Option<String>,
    /// Whether the body has to fit the method's model.
    pub validate_request_body: bool,
    /// Whether required parameters have to be there.
    pub validate_request_parameters: bool,
}
