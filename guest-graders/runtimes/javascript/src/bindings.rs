//! What wit-bindgen makes of the contract.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated code")]
#![allow(unsafe_code, reason = "generated code crosses the component's boundary")]

wit_bindgen::generate!({
    inline: "
        package gradebox:javascript;
        world javascript {
            include gradebox:compiling/compiling-runtime@0.1.0;
            /// Everything that does not depend on the program. The build calls it once and keeps the memory.
            export initialize: func();
        }
    ",
    path: ["../../../wit/grader", "../../../wit/runtime", "../../../wit/compiling"],
    world: "gradebox:javascript/javascript",
    generate_all,
});

use crate::JavaScript;
export!(JavaScript);
