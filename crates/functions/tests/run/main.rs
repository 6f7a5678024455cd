//! Functions as they are run: real processes of Node, Python and `provided`, and an endpoint.

mod bench;
mod endpoint;
mod faults;
mod life;
mod node;
mod provided;
mod python;
