//! The management API from outside: signed requests in, answers out, over a real store and a gate that takes notes.

mod authorizers;
mod bench;
mod console;
mod documentation;
mod edge;
mod functions;
mod gateway_responses;
mod imports;
mod keys_and_plans;
mod models_and_validators;
mod mutate;
mod mutations;
mod names_and_links;
mod openapi;
mod operator;
mod rest_apis;
mod stacks;
mod test_invoke;
