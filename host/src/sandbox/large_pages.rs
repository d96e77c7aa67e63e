//! Reading files of compiled components so that their code runs fast.

use std::{fs::File, hint::black_box, io};

use memmap2::Mmap;

/// The larger page of x86-64 and of most 64-bit ARM systems, in bytes.
const LARGE_PAGE: usize = 2 << 20;

/// Has the kernel read what it does not hold of the file, in large pages.
///
/// Read as faults of running code ask for it, compiled code stays scattered over the machine's memory for as long as
/// the kernel holds it, and runs slower by a fifth than when it has just been written. Where a file is held already,
/// this costs some microseconds.
///
/// # Errors
///
/// Where the file cannot be mapped. That the kernel knows no large pages is none: it then reads the file as it would have.
#[expect(unsafe_code, reason = "a file can be read in large pages only by way of a mapping")]
pub(super) fn read_ahead(file: &File) -> io::Result<()> {
    // SAFETY: whatever the bytes are, and however they change meanwhile, nothing is made of them. A file that is cut short
    // just then ends the worker, as it does once wasmtime has mapped it; compiled files are replaced, never cut.
    let mapping = unsafe { Mmap::map(file) }?;
    #[cfg(target_os = "linux")]
    let _refused = mapping.advise(memmap2::Advice::HugePage);
    mapping.iter().step_by(LARGE_PAGE).for_each(|byte| {
        black_box(*byte);
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn files_of_any_length_are_read() {
        for length in [0, 1, LARGE_PAGE, 2 * LARGE_PAGE + 1] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&vec![1; length]).unwrap();
            read_ahead(&file).unwrap_or_else(|error| panic!("{length} bytes: {error}"));
        }
    }

    #[test]
    fn what_is_no_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        read_ahead(&File::open(folder.path()).unwrap()).unwrap_err();
    }
}
