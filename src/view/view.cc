// SPDX-License-Identifier: Apache-2.0
#include "view/view.h"

#include "view/json_view.h"
#include "view/live_view.h"
#include "view/plain_view.h"

namespace firn::view {

std::unique_ptr<View> make_view(ViewKind kind,
                                Screen& screen,
                                const Style& style,
                                const ClockAnchor& clock) {
  switch (kind) {
    case ViewKind::live:
      return std::make_unique<LiveView>(screen, style);
    case ViewKind::plain:
      return std::make_unique<PlainView>(screen, style);
    case ViewKind::json:
      return std::make_unique<JsonView>(screen, clock);
  }
  return std::make_unique<PlainView>(screen, style);
}

}  // namespace firn::view
