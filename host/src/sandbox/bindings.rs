//! Generated bindings of the contract, and nothing else.

#![allow(unreachable_pub, clippy::pedantic, clippy::use_self, reason = "generated code")]

/// A component that judges one response, with every capability that a grader may import.
pub mod pointwise {
    wasmtime::component::bindgen!({
        path: ["../wit/grader"],
        inline: "
            package gradebox:host-pointwise;
            world pointwise-host {
                import gradebox:grader/log@0.1.0;
                import gradebox:grader/programs@0.1.0;
                import gradebox:grader/models@0.1.0;
                export gradebox:grader/descriptor@0.1.0;
                export gradebox:grader/pointwise@0.1.0;
            }
        ",
        world: "gradebox:host-pointwise/pointwise-host",
        imports: { default: trappable },
        with: { "gradebox:grader/programs.session": crate::sandbox::session::SessionHandle },
    });
}

/// A component that orders several responses.
pub mod listwise {
    wasmtime::component::bindgen!({
        path: ["../wit/grader"],
        inline: "
            package gradebox:host-listwise;
            world listwise-host {
                export gradebox:grader/descriptor@0.1.0;
                export gradebox:grader/listwise@0.1.0;
            }
        ",
        world: "gradebox:host-listwise/listwise-host",
        with: { "gradebox:grader/types": super::pointwise::gradebox::grader::types },
    });
}

/// A component that runs untrusted programs of one language.
pub mod runtime {
    wasmtime::component::bindgen!({
        path: ["../wit/grader", "../wit/runtime"],
        world: "gradebox:runtime/language-runtime",
        imports: { default: trappable },
        with: { "gradebox:grader/program-types": super::pointwise::gradebox::grader::program_types },
    });
}

/// What a language runtime may export besides.
pub mod compiling {
    wasmtime::component::bindgen!({
        path: ["../wit/grader", "../wit/runtime", "../wit/compiling"],
        inline: "
            package gradebox:host-compiling;
            world compiling-host {
                export gradebox:compiling/compiler@0.1.0;
            }
        ",
        world: "gradebox:host-compiling/compiling-host",
    });
}
