"""The storyboard machine: one thread per world walks its elements, starts, stops and ends them.

States and transitions follow ASAM OpenSCENARIO XML 1.3 (storyboard elements), their order within a tick esmini's: first triggers are
evaluated against the state of the tick's beginning, then running actions move their actors.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

import warp as wp

from sim.behavior import codes
from sim.behavior.codes import ActionKind, Phase, RowField, RowPhase
from sim.behavior.conditions import fires
from sim.scenario.storyboard import ElementKind, ElementState, Priority
from sim.types import Scene, State

wp.set_module_options({"enable_backward": False})


@wp.func
def _set(state: State, world: int, e: int, phase: int, transition: int):
    state.story.element_state[world, e] = phase
    state.story.transition[world, e] = transition
    state.story.transition_tick[world, e] = state.tick[world]


@wp.func
def _finish_rows(scene: Scene, state: State, world: int, e: int):
    """End all actors' parts in an action."""
    first = scene.story.first_row[world, e]
    for r in range(first, first + scene.story.nrow[world, e]):
        phase = state.story.row_state[world, r]
        if phase == wp.static(int(RowPhase.STARTING)) or phase == wp.static(int(RowPhase.RUNNING)):
            a = scene.story.row_code[world, r, wp.static(int(RowField.ACTOR))]
            path = scene.story.row_code[world, r, wp.static(int(RowField.PATH))]
            if a >= 0 and path >= 0 and state.story.path[world, a] == path:
                state.story.path[world, a] = -1
        state.story.row_state[world, r] = wp.static(int(RowPhase.FINISHED))


@wp.func
def _end_element(scene: Scene, state: State, world: int, element: int):
    """End an element and, upwards, every parent whose children are all complete."""
    e = int(element)
    while e > 0:
        kind = scene.story.kind[world, e]
        phase = wp.static(int(Phase.COMPLETE))
        repeats = kind == wp.static(int(ElementKind.EVENT)) or kind == wp.static(int(ElementKind.MANEUVER_GROUP))
        if repeats and state.story.element_count[world, e] < scene.story.max_count[world, e]:
            phase = wp.static(int(Phase.STANDBY))
            for d in range(e + 1, scene.story.last[world, e]):
                state.story.element_state[world, d] = wp.static(int(Phase.INIT))
                if scene.story.kind[world, d] == wp.static(int(ElementKind.ACTION)):
                    _finish_rows(scene, state, world, d)
        _set(state, world, e, phase, wp.static(int(ElementState.END_TRANSITION)))
        p = scene.story.parent[world, e]
        if p <= 0 or phase != wp.static(int(Phase.COMPLETE)):
            return
        c = p + 1
        while c < scene.story.last[world, p]:
            if state.story.element_state[world, c] != wp.static(int(Phase.COMPLETE)):
                return
            c = scene.story.last[world, c]
        e = p


@wp.func
def _end_subtree(scene: Scene, state: State, world: int, e: int):
    """End a running event: its actions first, then itself."""
    for d in range(e + 1, scene.story.last[world, e]):
        if state.story.element_state[world, d] == wp.static(int(Phase.RUNNING)):
            _finish_rows(scene, state, world, d)
            _set(state, world, d, wp.static(int(Phase.COMPLETE)), wp.static(int(ElementState.END_TRANSITION)))
    _end_element(scene, state, world, e)


@wp.func
def _stop_subtree(scene: Scene, state: State, world: int, e: int):
    """Stop an element and everything in it."""
    for d in range(e, scene.story.last[world, e]):
        phase = state.story.element_state[world, d]
        if phase == wp.static(int(Phase.STANDBY)) or phase == wp.static(int(Phase.RUNNING)):
            _set(state, world, d, wp.static(int(Phase.COMPLETE)), wp.static(int(ElementState.STOP_TRANSITION)))
            if scene.story.kind[world, d] == wp.static(int(ElementKind.ACTION)):
                _finish_rows(scene, state, world, d)


@wp.func
def _yield_domain(scene: Scene, state: State, world: int, row: int):
    """End running actions of the same actor that share a domain with a starting one."""
    actor = scene.story.row_code[world, row, wp.static(int(RowField.ACTOR))]
    domain = scene.story.row_code[world, row, wp.static(int(RowField.DOMAIN))]
    if actor < 0 or domain == 0:
        return
    for r in range(state.story.row_state.shape[1]):
        phase = state.story.row_state[world, r]
        busy = phase == wp.static(int(RowPhase.STARTING)) or phase == wp.static(int(RowPhase.RUNNING))
        if busy and r != row and scene.story.row_code[world, r, wp.static(int(RowField.ACTOR))] == actor:
            if (scene.story.row_code[world, r, wp.static(int(RowField.DOMAIN))] & domain) != 0:
                path = scene.story.row_code[world, r, wp.static(int(RowField.PATH))]
                if path >= 0 and state.story.path[world, actor] == path:
                    state.story.path[world, actor] = -1
                state.story.row_state[world, r] = wp.static(int(RowPhase.FINISHED))


@wp.func
def _set_at_once(scene: Scene, state: State, world: int, r: int):
    """Set a variable or a signal: at once, so that conditions evaluated later in this tick see it."""
    kind = scene.story.row_code[world, r, wp.static(int(RowField.KIND))]
    flags = scene.story.row_code[world, r, wp.static(int(RowField.FLAGS))]
    index = scene.story.row_code[world, r, wp.static(int(RowField.INDEX))]
    if kind == wp.static(int(ActionKind.SIGNAL)):
        state.signal[world, index] = flags
    if kind == wp.static(int(ActionKind.VARIABLE)):
        value = scene.story.row_value[world, r, 0]
        if (flags & wp.static(codes.FLAG_ADD)) != 0:
            value = state.story.variable[world, index] + value
        elif (flags & wp.static(codes.FLAG_MULTIPLY)) != 0:
            value = state.story.variable[world, index] * value
        state.story.variable[world, index] = value


@wp.func
def _start_event(scene: Scene, state: State, world: int, e: int):
    """Start an event as its priority allows, with its actions."""
    m = scene.story.parent[world, e]
    priority = scene.story.priority[world, e]
    c = m + 1
    while c < scene.story.last[world, m]:
        if c != e and state.story.element_state[world, c] == wp.static(int(Phase.RUNNING)):
            if priority == wp.static(int(Priority.SKIP)):
                _set(state, world, e, wp.static(int(Phase.STANDBY)), wp.static(int(ElementState.SKIP_TRANSITION)))
                return
            if priority == wp.static(int(Priority.OVERRIDE)):
                _end_subtree(scene, state, world, c)
        c = scene.story.last[world, c]
    _set(state, world, e, wp.static(int(Phase.RUNNING)), wp.static(int(ElementState.START_TRANSITION)))
    state.story.element_count[world, e] = state.story.element_count[world, e] + 1
    for a in range(e + 1, scene.story.last[world, e]):
        _set(state, world, a, wp.static(int(Phase.RUNNING)), wp.static(int(ElementState.START_TRANSITION)))
        first = scene.story.first_row[world, a]
        for r in range(first, first + scene.story.nrow[world, a]):
            _yield_domain(scene, state, world, r)
            _set_at_once(scene, state, world, r)
            state.story.row_state[world, r] = wp.static(int(RowPhase.STARTING))


@wp.func
def _start_element(scene: Scene, state: State, world: int, e: int):
    """Start an element; its children wait for their triggers or start with it."""
    d = int(e)
    while d < scene.story.last[world, e]:
        if d != e and scene.story.start[world, d] >= 0:
            state.story.element_state[world, d] = wp.static(int(Phase.STANDBY))
            d = scene.story.last[world, d]
        elif scene.story.kind[world, d] == wp.static(int(ElementKind.EVENT)):
            _start_event(scene, state, world, d)
            d = scene.story.last[world, d]
        else:
            _set(state, world, d, wp.static(int(Phase.RUNNING)), wp.static(int(ElementState.START_TRANSITION)))
            state.story.element_count[world, d] = state.story.element_count[world, d] + 1
            d += 1


@wp.func
def _collect_ended(scene: Scene, state: State, world: int):
    """End actions all of whose actors have finished, and what ends with them."""
    for e in range(scene.story.nelement[world]):
        running = state.story.element_state[world, e] == wp.static(int(Phase.RUNNING))
        if running and scene.story.kind[world, e] == wp.static(int(ElementKind.ACTION)):
            first = scene.story.first_row[world, e]
            finished = bool(True)
            for r in range(first, first + scene.story.nrow[world, e]):
                if state.story.row_state[world, r] != wp.static(int(RowPhase.FINISHED)):
                    finished = False
            if finished:
                _end_element(scene, state, world, e)


@wp.func
def step_storyboard(scene: Scene, state: State, world: int):
    """Evaluate all triggers of one world once."""
    _collect_ended(scene, state, world)
    if state.story.element_state[world, 0] == wp.static(int(Phase.INIT)):
        state.story.element_state[world, 0] = wp.static(int(Phase.STANDBY))
    e = int(0)
    while e < scene.story.nelement[world]:
        # one place that evaluates triggers and one that starts elements: functions are compiled once per call
        waits = state.story.element_state[world, e] == wp.static(int(Phase.STANDBY))
        trigger = int(-1)
        if waits:
            trigger = scene.story.start[world, e]
        elif state.story.element_state[world, e] == wp.static(int(Phase.RUNNING)):
            trigger = scene.story.stop[world, e]
        fired = bool(waits and trigger < 0)
        if trigger >= 0:
            fired = fires(scene, state, world, trigger)
        if fired and waits:
            _start_element(scene, state, world, e)
        elif fired:
            _stop_subtree(scene, state, world, e)
        if state.story.element_state[world, e] == wp.static(int(Phase.RUNNING)):
            e += 1
        else:
            e = scene.story.last[world, e]
    if state.story.element_state[world, 0] == wp.static(int(Phase.COMPLETE)):
        state.done[world] = 1


@wp.kernel
def _evaluate_triggers(scene: Scene, state: State):
    """Reads the storyboard and everything it measures. Writes element and row states, and ``done``."""
    world = wp.tid()
    if state.done[world] != 0 or scene.story.nelement[world] == 0:
        return
    step_storyboard(scene, state, world)


def evaluate_triggers(scene: Scene, state: State) -> None:
    """Start, stop and end storyboard elements by their triggers, as the state is at the beginning of the tick."""
    wp.launch(_evaluate_triggers, dim=state.tick.shape[0], inputs=[scene, state], device=state.tick.device)
