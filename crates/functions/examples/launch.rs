//! A launcher: becomes the program that its arguments name, and ends with the process that started it.

fn main() {
    let error = tollgate_functions::launch::run(std::env::args_os().skip(1));
    panic!("not launched: {error}");
}
