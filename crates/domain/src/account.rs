//! Settings of the whole account.

use serde::{Deserialize, Serialize};

/// The account: one in each Tollgate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The role that AWS would write logs with; kept for clients that set it.
    pub cloudwatch_role_arn: Option<String>,
}
