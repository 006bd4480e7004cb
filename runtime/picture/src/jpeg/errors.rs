//! How libjpeg's complaints reach us.
//!
//! It tells of errors through a callback that must not come back, and after a warning it goes on with made-up pixels. Here both end the
//! decoding by unwinding, which the library is built for, up to the one place that catches it.

use std::cell::Cell;
use std::ffi::c_int;
use std::panic::resume_unwind;
use std::ptr;

use mozjpeg_sys::{jpeg_common_struct, jpeg_error_mgr, msg_parm_union};

use crate::Refusal;

/// What is thrown: the decoder finds the file damaged.
pub(crate) struct Damaged;

impl Damaged {
    /// What to say of it, when it is not the end of the file or a failure to read it.
    pub(crate) fn refusal() -> Refusal {
        Refusal::corrupt("the JPEG is damaged: its data breaks off or contradicts itself")
    }
}

thread_local! {
    /// Whether warnings are passed over, as before the first and after the last row, where they are about what does not show.
    static LENIENT: Cell<bool> = const { Cell::new(true) };
}

/// From now on, on this thread, warnings are passed over, or are as good as errors.
pub(super) fn be_lenient(lenient: bool) {
    LENIENT.set(lenient);
}

/// Callbacks for a decoder. They know no more than that something is wrong: what exactly stands behind a pointer.
pub(super) fn manager() -> jpeg_error_mgr {
    jpeg_error_mgr {
        error_exit: Some(error_exit),
        emit_message: Some(emit_message),
        output_message: Some(ignore),
        format_message: None,
        reset_error_mgr: Some(ignore),
        msg_code: 0,
        msg_parm: msg_parm_union { _bindgen_data_: [0; 20] },
        trace_level: 0,
        num_warnings: 0,
        jpeg_message_table: ptr::null(),
        last_jpeg_message: 0,
        addon_message_table: ptr::null(),
        first_addon_message: 0,
        last_addon_message: 0,
    }
}

extern "C-unwind" fn error_exit(_: &mut jpeg_common_struct) {
    // No panic: nothing is wrong with this program, and nothing shall be printed.
    resume_unwind(Box::new(Damaged));
}

extern "C-unwind" fn emit_message(_: &mut jpeg_common_struct, level: c_int) {
    // Below zero are warnings, from zero on are things for the curious.
    if level < 0 && !LENIENT.get() {
        resume_unwind(Box::new(Damaged));
    }
}

extern "C-unwind" fn ignore(_: &mut jpeg_common_struct) {}
