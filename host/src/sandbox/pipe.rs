//! The worker's end of the pipe to the host.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    os::fd::AsFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::io::ioctl_fionread;

use super::wire::{self, FromWorker, News, ToWorker};

/// Answers may wait this long for company before they are written.
const FLUSH_AFTER: Duration = Duration::from_micros(500);

/// The pipe cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum PipeError {
    #[error("broken pipe to the host: {0}")]
    Broken(#[from] io::Error),
    #[error("unreadable message: {0}")]
    Unreadable(#[from] postcard::Error),
    #[error("the host has closed the pipe")]
    Closed,
}

/// A pipe that a grade can use while the worker's own loop waits for that grade.
#[derive(Clone)]
pub(super) struct SharedPipe(Arc<Mutex<Pipe>>);

impl SharedPipe {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Pipe {
            input: io::stdin(),
            received: Vec::new(),
            consumed: 0,
            work: VecDeque::new(),
            output: Vec::new(),
            written: Instant::now(),
        })))
    }

    /// The worker is single-threaded, so that this never waits.
    pub(super) fn lock(&self) -> MutexGuard<'_, Pipe> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`SharedPipe`].
pub(super) struct Pipe {
    input: io::Stdin,
    received: Vec<u8>,
    consumed: usize,
    /// Messages that came while news was waited for.
    work: VecDeque<ToWorker>,
    output: Vec<u8>,
    written: Instant,
}

impl Pipe {
    /// The next message; `None` when the host has closed the pipe.
    pub(super) fn receive(&mut self) -> Result<Option<ToWorker>, PipeError> {
        if let Some(message) = self.work.pop_front() {
            return Ok(Some(message));
        }
        match self.next() {
            Ok(message) => Ok(Some(message)),
            Err(PipeError::Closed) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The next news, waited for; other messages are kept for later.
    pub(super) fn wait_for_news(&mut self) -> Result<News, PipeError> {
        loop {
            match self.next()? {
                ToWorker::News(news) => return Ok(news),
                other => self.work.push_back(other),
            }
        }
    }

    /// The next news that has arrived, if any.
    pub(super) fn news(&mut self) -> Result<Option<News>, PipeError> {
        loop {
            match self.take_received()? {
                Some(ToWorker::News(news)) => return Ok(Some(news)),
                Some(other) => self.work.push_back(other),
                None if self.has_input()? => self.read()?,
                None => return Ok(None),
            }
        }
    }

    /// Sends a message, which may wait a moment for company.
    pub(super) fn send(&mut self, message: &FromWorker) -> Result<(), PipeError> {
        wire::encode(message, &mut self.output)?;
        if FLUSH_AFTER <= self.written.elapsed() {
            self.flush()?;
        }
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result<(), PipeError> {
        if !self.output.is_empty() {
            let mut stdout = io::stdout().lock();
            stdout.write_all(&self.output)?;
            stdout.flush()?;
            self.output.clear();
        }
        self.written = Instant::now();
        Ok(())
    }

    fn next(&mut self) -> Result<ToWorker, PipeError> {
        loop {
            if let Some(message) = self.take_received()? {
                return Ok(message);
            }
            self.flush()?;
            self.read()?;
        }
    }

    fn take_received(&mut self) -> Result<Option<ToWorker>, PipeError> {
        let pending = self.received.get(self.consumed..).unwrap_or_default();
        let Some((message, used)) = wire::decode(pending)? else { return Ok(None) };
        self.consumed += used;
        Ok(Some(message))
    }

    /// Whether a read would not wait. A closed pipe has no input; whoever waits for some is told.
    fn has_input(&self) -> io::Result<bool> {
        Ok(ioctl_fionread(self.input.as_fd())? > 0)
    }

    fn read(&mut self) -> Result<(), PipeError> {
        self.received.drain(..self.consumed);
        self.consumed = 0;
        let start = self.received.len();
        self.received.resize(start + (64 << 10), 0);
        let count = self.input.lock().read(self.received.get_mut(start..).unwrap_or_default())?;
        self.received.truncate(start + count);
        if count == 0 { Err(PipeError::Closed) } else { Ok(()) }
    }
}
