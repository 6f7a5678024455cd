//! A case: a promise of the management API, as a function of a client.

use std::future::Future;
use std::pin::Pin;

use aws_sdk_apigateway::Client;

/// A running case. It panics when its promise is broken.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A promise and what tries it.
pub struct Case {
    /// The path of the function.
    pub name: &'static str,
    /// Tries it.
    pub run: fn(Client) -> Running,
    /// Why it is not tried yet.
    pub ignored: Option<&'static str>,
}

/// Lists the cases of a file as `CASES`. One that is left out is dead code, which the lints find.
macro_rules! cases {
    (ignored because $reason:literal: $($name:ident),+ $(,)?) => { cases!(@list Some($reason), $($name),+); };
    (@list $ignored:expr, $($name:ident),+) => {
        /// The cases of this file.
        pub const CASES: &[crate::case::Case] = &[$(crate::case::Case {
            name: concat!(module_path!(), "::", stringify!($name)),
            run: |client| Box::pin($name(client)),
            ignored: $ignored,
        }),+];
    };
    ($($name:ident),+ $(,)?) => { cases!(@list None, $($name),+); };
}
pub(crate) use cases;
