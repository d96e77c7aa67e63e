//! One grade: a fresh store, an instance of the grader's component, one call, a typed answer.

use std::sync::Arc;

use wasmtime::{Engine, Store, component::Component};

use super::{
    bindings::{
        listwise::ListwiseHostPre,
        pointwise::{PointwiseHostPre, gradebox::grader::types},
    },
    capabilities::{GraderState, linker},
    engine::Metering,
    grade_failure::failure,
    limits::{GradeLimits, fuel_used, refuel},
    pipe::SharedPipe,
    programs::Runtimes,
    wire::{Answer, GradeWork, Trace, WireDescription, WireGrants, WireMode},
};

/// A grader's component, ready to be instantiated for one sample after the other.
pub(super) struct Grader {
    engine: Engine,
    metering: Metering,
    prepared: Prepared,
}

enum Prepared {
    Pointwise(PointwiseHostPre<GraderState>),
    Listwise(ListwiseHostPre<GraderState>),
}

impl Grader {
    pub(super) fn new(
        engine: &Engine,
        metering: Metering,
        component: &Component,
        mode: WireMode,
    ) -> wasmtime::Result<Self> {
        let linker = linker(engine)?;
        let instance = linker.instantiate_pre(component)?;
        let prepared = match mode {
            WireMode::Pointwise => Prepared::Pointwise(PointwiseHostPre::new(instance)?),
            WireMode::Listwise => Prepared::Listwise(ListwiseHostPre::new(instance)?),
        };
        Ok(Self { engine: engine.clone(), metering, prepared })
    }

    /// Asks the component who it is.
    pub(super) fn describe(&self, runtimes: &Arc<Runtimes>, pipe: &SharedPipe) -> Answer {
        self.describe_within(GradeLimits::of_a_description(), runtimes, pipe)
    }

    /// The same with limits of the caller's.
    pub(super) fn describe_within(&self, limits: GradeLimits, runtimes: &Arc<Runtimes>, pipe: &SharedPipe) -> Answer {
        let mut store = self.store(limits, WireGrants::default(), runtimes, pipe);
        match self.call_describe(&mut store, limits) {
            Ok(description) => Answer::Grader(description),
            Err(trap) => failure(&trap, store.data(), limits),
        }
    }

    fn call_describe(&self, store: &mut Store<GraderState>, limits: GradeLimits) -> wasmtime::Result<WireDescription> {
        refuel(store, self.metering, limits.cpu)?;
        Ok(match &self.prepared {
            Prepared::Pointwise(prepared) => {
                let instance = prepared.instantiate(&mut *store)?;
                instance.gradebox_grader_descriptor().call_describe(store)?.into()
            }
            Prepared::Listwise(prepared) => {
                let instance = prepared.instantiate(&mut *store)?;
                instance.gradebox_grader_descriptor().call_describe(store)?.into()
            }
        })
    }

    /// Grades one sample in a store of its own, which does not outlive the call.
    pub(super) fn grade(&self, mut work: GradeWork, runtimes: &Arc<Runtimes>, pipe: &SharedPipe) -> (Answer, Trace) {
        let limits = work.limits;
        let mut store = self.store(limits, work.grants, runtimes, pipe);
        store.data_mut().answer_from(std::mem::take(&mut work.answered));
        let answer = match self.call(&mut store, work) {
            Ok(answer) => answer,
            Err(trap) => failure(&trap, store.data(), limits),
        };
        let fuel = fuel_used(&store, limits.cpu);
        (answer, store.data_mut().take_trace(fuel))
    }

    fn call(&self, store: &mut Store<GraderState>, work: GradeWork) -> wasmtime::Result<Answer> {
        let GradeWork { sample, params, limits, .. } = work;
        refuel(store, self.metering, limits.cpu)?;
        match &self.prepared {
            Prepared::Pointwise(prepared) => {
                let instance = prepared.instantiate(&mut *store)?;
                let result = instance.gradebox_grader_pointwise().call_grade(&mut *store, &sample.into(), &params)?;
                Ok(result.map_or_else(Into::into, |verdict| Answer::Verdict(verdict.into())))
            }
            Prepared::Listwise(prepared) => {
                let instance = prepared.instantiate(&mut *store)?;
                let messages: Vec<types::Message> = sample.messages.into_iter().map(Into::into).collect();
                let result = instance.gradebox_grader_listwise().call_rank(
                    &mut *store,
                    &messages,
                    &sample.responses,
                    &sample.fields,
                    &params,
                )?;
                Ok(result.map_or_else(Into::into, |order| Answer::Verdict(order.into())))
            }
        }
    }

    fn store(
        &self,
        limits: GradeLimits,
        grants: WireGrants,
        runtimes: &Arc<Runtimes>,
        pipe: &SharedPipe,
    ) -> Store<GraderState> {
        let state = GraderState::new(self.metering, limits, grants, runtimes, pipe);
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(limits.transfer);
        store.set_max_component_handles(limits.handles);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| store.data().stopwatch.tick());
        store
    }
}
