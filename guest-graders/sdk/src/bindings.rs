//! What wit-bindgen makes of the contract; nothing outside this crate and its macros names it.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated code")]
#![allow(unsafe_code, reason = "generated code crosses the component's boundary")]

// One world for each exported interface: their export macros share a namespace, so that two worlds with a
// descriptor each would clash. A component's world is the union of those that its macro uses.

/// What the host grants. A component imports only what its code calls.
pub mod host {
    wit_bindgen::generate!({
        inline: "
            package gradebox:sdk;
            world host {
                import gradebox:grader/log@0.1.0;
                import gradebox:grader/models@0.1.0;
                import gradebox:grader/programs@0.1.0;
            }
        ",
        path: "../../wit/grader",
        world: "gradebox:sdk/host",
        generate_all,
    });
}

/// The export that every grader has.
pub mod descriptor {
    wit_bindgen::generate!({
        inline: "package gradebox:sdk; world descriptor { export gradebox:grader/descriptor@0.1.0; }",
        path: "../../wit/grader",
        world: "gradebox:sdk/descriptor",
        with: { "gradebox:grader/types@0.1.0": super::host::gradebox::grader::types },
        pub_export_macro: true,
        export_macro_name: "export_descriptor",
        default_bindings_module: "gradebox_sdk::bindings::descriptor",
    });
}

/// The export of a grader of single responses.
pub mod pointwise {
    wit_bindgen::generate!({
        inline: "package gradebox:sdk; world pointwise { export gradebox:grader/pointwise@0.1.0; }",
        path: "../../wit/grader",
        world: "gradebox:sdk/pointwise",
        with: { "gradebox:grader/types@0.1.0": super::host::gradebox::grader::types },
        pub_export_macro: true,
        export_macro_name: "export_pointwise",
        default_bindings_module: "gradebox_sdk::bindings::pointwise",
    });
}

/// The export of a grader that orders responses.
pub mod listwise {
    wit_bindgen::generate!({
        inline: "package gradebox:sdk; world listwise { export gradebox:grader/listwise@0.1.0; }",
        path: "../../wit/grader",
        world: "gradebox:sdk/listwise",
        with: { "gradebox:grader/types@0.1.0": super::host::gradebox::grader::types },
        pub_export_macro: true,
        export_macro_name: "export_listwise",
        default_bindings_module: "gradebox_sdk::bindings::listwise",
    });
}
