//! One program on many inputs: in order, and with the help of idle workers once it takes long.
//!
//! The worker runs its inputs from the front and offers all of them to the others, which the host serves from the back.
//! It keeps going until it meets what others have begun, and waits for their results. What nobody else will do after
//! all, because a worker died say, it does itself: nobody waits for a worker that waits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    compiled_programs::Program,
    limits::ProgramLimits,
    pipe::{Pipe, PipeError, SharedPipe},
    programs::{HostFailure, Runtime, TimeSpent},
    wire::{ComponentId, Execution, FromWorker, News, Offer, OfferId, ProgramInput},
};

/// Work of a sample below which its inputs are not offered to others.
const KEPT: Duration = Duration::from_millis(4);

/// Bytes of program and inputs above which sending them about would cost more than it gains.
const OFFERED_BYTES: usize = 4 << 20;

/// A program on its inputs.
pub(super) struct RunAll<'a> {
    pub(super) pipe: &'a SharedPipe,
    pub(super) runtime: &'a Arc<Runtime>,
    pub(super) component: ComponentId,
    pub(super) program: &'a Program,
    pub(super) limits: ProgramLimits,
    pub(super) inputs: &'a [ProgramInput],
    /// What programs of the same sample took before.
    pub(super) earlier: TimeSpent,
    /// The processor time that all the programs of a sample may take here.
    pub(super) time: Duration,
    /// Bytes that the results may be together.
    pub(super) room: usize,
}

/// What came of a program on its inputs.
pub(super) struct Ran {
    /// What it did with each input, in order.
    pub(super) executions: Vec<Execution>,
    /// Processor time of the inputs that other workers took.
    pub(super) helped: Duration,
}

impl RunAll<'_> {
    /// Runs the program on every input.
    pub(super) fn run(&self) -> Result<Ran, HostFailure> {
        let mut progress = Progress::new(self.inputs.len());
        while progress.next < progress.end {
            // Else there is more to offer once the next input has compiled it.
            if !self.program.is_to_be_compiled() {
                self.share(&mut progress)?;
                if progress.end <= progress.next {
                    break;
                }
            }
            let at = progress.next;
            progress.next += 1;
            self.run_one(&mut progress, at)?;
        }
        self.withdraw(&mut progress).map_err(|error| lost(&error))?;
        while let Some(missing) = progress.missing() {
            if let Some(returned) = progress.returned.pop() {
                self.run_one(&mut progress, returned)?;
                continue;
            }
            let news = self.pipe.lock().wait_for_news().map_err(|error| {
                HostFailure::new(format!("the result of input {} did not arrive: {error}", missing + 1))
            })?;
            progress.take_in(news);
        }
        self.check(&progress)?;
        Ok(Ran { executions: progress.results.into_iter().flatten().collect(), helped: progress.helped })
    }

    /// Offers the inputs that are left to others where that is worth it, and hears what became of them.
    fn share(&self, progress: &mut Progress) -> Result<(), HostFailure> {
        let elapsed = progress.started.elapsed();
        if progress.offer.is_none() && KEPT <= self.earlier.wall + elapsed && self.is_worth_offering(progress) {
            self.offer(progress, elapsed).map_err(|error| lost(&error))?;
        }
        if progress.offer.is_some() {
            self.look(progress).map_err(|error| lost(&error))?;
        }
        Ok(())
    }

    fn run_one(&self, progress: &mut Progress, at: usize) -> Result<(), HostFailure> {
        if let (Some(input), Some(None)) = (self.inputs.get(at), progress.results.get(at)) {
            let compiles = self.program.is_to_be_compiled();
            let loaded = || if compiles { self.share(progress) } else { Ok(()) };
            let execution = self.runtime.run(self.program, input, self.limits, loaded)?;
            progress.done += 1;
            progress.cpu += execution.cpu;
            progress.size += execution.size();
            if let Some(result) = progress.results.get_mut(at) {
                *result = Some(execution);
            }
        }
        self.check(progress)
    }

    /// Whether the sample's programs are still within what all of them may take and write.
    fn check(&self, progress: &Progress) -> Result<(), HostFailure> {
        if self.time <= self.earlier.cpu + progress.cpu + progress.helped {
            return Err(HostFailure::out_of_time(self.time));
        }
        if self.room < progress.size {
            return Err(HostFailure::excess(format!(
                "what a program wrote on all its inputs is larger than the grader's memory of {} MiB",
                self.room >> 20
            )));
        }
        Ok(())
    }

    fn is_worth_offering(&self, progress: &Progress) -> bool {
        let left = self.inputs.get(progress.next..).unwrap_or_default();
        let inputs: usize = left.iter().map(ProgramInput::size).sum();
        let compiled = self.program.compiled().map_or(0, |compiled| compiled.len());
        2 <= left.len() && self.program.source().len() + compiled + inputs <= OFFERED_BYTES
    }

    fn offer(&self, progress: &mut Progress, elapsed: Duration) -> Result<(), PipeError> {
        static OFFERS: AtomicU64 = AtomicU64::new(0);
        let id = OFFERS.fetch_add(1, Ordering::Relaxed);
        let inputs = (0..).zip(self.inputs).skip(progress.next).map(|(at, input)| (at, input.clone())).collect();
        let offer = Offer {
            id,
            runtime: self.component,
            source: self.program.source().to_owned(),
            compiled: self.program.compiled().map(|compiled| compiled.to_vec()),
            limits: self.limits,
            inputs,
            pace: elapsed.checked_div(progress.done).unwrap_or(KEPT),
        };
        progress.offer = Some(id);
        let mut pipe = self.pipe.lock();
        pipe.send(&FromWorker::Offer(offer))?;
        pipe.flush()
    }

    /// Hears what others have begun, and keeps the last input for itself.
    fn look(&self, progress: &mut Progress) -> Result<(), PipeError> {
        let mut pipe = self.pipe.lock();
        while let Some(news) = pipe.news()? {
            progress.take_in(news);
        }
        if progress.next + 1 == progress.end {
            withdraw(&mut pipe, progress)?;
        }
        Ok(())
    }

    fn withdraw(&self, progress: &mut Progress) -> Result<(), PipeError> {
        withdraw(&mut self.pipe.lock(), progress)
    }
}

/// Says, once, that nobody else shall begin an input any more.
fn withdraw(pipe: &mut Pipe, progress: &mut Progress) -> Result<(), PipeError> {
    if let (Some(offer), false) = (progress.offer, progress.withdrawn) {
        progress.withdrawn = true;
        pipe.send(&FromWorker::Withdraw(offer))?;
        pipe.flush()?;
    }
    Ok(())
}

fn lost(error: &PipeError) -> HostFailure {
    HostFailure::new(format!("the inputs of the program could not be offered to other workers: {error}"))
}

/// How far a run has come.
struct Progress {
    started: Instant,
    results: Vec<Option<Execution>>,
    /// Inputs that the worker has run itself.
    done: u32,
    /// The next input that the worker runs itself.
    next: usize,
    /// Where the inputs begin that others have begun.
    end: usize,
    /// Inputs that others have begun and will not finish.
    returned: Vec<usize>,
    offer: Option<OfferId>,
    withdrawn: bool,
    /// Processor time that the inputs took here.
    cpu: Duration,
    /// Processor time that they took elsewhere.
    helped: Duration,
    /// Bytes of the results so far.
    size: usize,
}

impl Progress {
    fn new(inputs: usize) -> Self {
        Self {
            started: Instant::now(),
            results: vec![None; inputs],
            done: 0,
            next: 0,
            end: inputs,
            returned: vec![],
            offer: None,
            withdrawn: false,
            cpu: Duration::ZERO,
            helped: Duration::ZERO,
            size: 0,
        }
    }

    fn missing(&self) -> Option<usize> {
        self.results.iter().position(Option::is_none)
    }

    fn take_in(&mut self, news: News) {
        match news {
            News::Taken { offer, from } if self.offer == Some(offer) => self.end = self.end.min(from as usize),
            News::Done { offer, executions } if self.offer == Some(offer) => {
                for (at, execution) in executions {
                    if let Some(result @ None) = self.results.get_mut(at as usize) {
                        self.helped += execution.cpu;
                        self.size += execution.size();
                        *result = Some(execution);
                    }
                }
            }
            News::Returned { offer, inputs } if self.offer == Some(offer) => {
                self.returned.extend(inputs.into_iter().map(|at| at as usize));
            }
            // Of an earlier run, which had done the same by itself in the meantime.
            News::Taken { .. } | News::Done { .. } | News::Returned { .. } => {}
        }
    }
}
