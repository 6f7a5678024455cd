//! The management API from outside: signed requests in, answers out, over a real store and a gate that takes notes.

mod bench;
mod edge;
mod keys_and_plans;
mod openapi;
mod rest_apis;
