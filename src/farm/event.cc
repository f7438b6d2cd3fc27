// SPDX-License-Identifier: Apache-2.0
#include "farm/event.h"

#include <utility>

namespace firn::farm {

void tell_ended(EventSink& events,
                const sched::Ended& ended,
                sched::StepState state,
                std::string reason,
                TimePoint at) {
  if (!ended.steps.empty())
    events.on(StepsEnded{.steps = ended.steps, .state = state, .reason = reason, .at = at});
  if (!ended.fallen.empty()) {
    events.on(StepsEnded{.steps = ended.fallen,
                         .state = sched::StepState::dependency_failed,
                         .reason = std::move(reason),
                         .at = at});
  }
}

}  // namespace firn::farm
