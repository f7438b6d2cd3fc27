// SPDX-License-Identifier: Apache-2.0
// A conversation with a program somewhere: its bytes both ways, what it prints beside them, and how
// it ended.
#pragma once

#include "aio/byte_stream.h"
#include "aio/task.h"
#include "base/units.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace firn::transport {

/// The program's stdin and stdout are the stream. Leaving scope ends the program, without waiting
/// for it.
class Link : public aio::ByteStream {
 public:
  using Listener = std::function<void(std::string_view)>;

  /// What the program prints on stderr goes to `listener` from now on; without one its tail is kept
  /// for error messages.
  virtual void listen(Listener listener) = 0;

  /// What it printed on stderr since somebody listened last, or the end of that; empty where
  /// nothing is kept.
  virtual std::string_view printed() { return {}; }

  /// The program's last words: its tail of stderr, and its exit status where it is known. Waits a
  /// moment for both, so it is to be called after the end of the stream was seen. One line or
  /// several, without a newline at the end.
  virtual aio::Task<std::string> last_words() = 0;

  /// Waits until stderr has ended: all that the program printed has been given to the listener.
  virtual aio::Task<void> diagnostics_ended() = 0;

  /// Closes the input and waits for the end of the program; signals it when that takes longer than
  /// `grace`.
  virtual aio::Task<void> stop(Duration grace) = 0;
};

/// Opens links to one program on one machine.
class Connector {
 public:
  Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  virtual ~Connector() = default;

  /// Throws Error{unavailable} where the machine cannot be reached, Error{permission} where it does
  /// not let us in.
  virtual aio::Task<std::unique_ptr<Link>> open() = 0;

  /// Opens what the links will share, should there be any such thing and none be open. Throws as
  /// `open` does.
  virtual aio::Task<void> open_ahead() { co_return; }

  /// From now on, the program at the other end is told to build itself what it is given, whatever
  /// machines it knows.
  virtual void forbid_delegation() {}

  /// Whether a link whose greeting failed with these last words was refused for want of room alone.
  /// Then `open` is worth another try: the connector has learnt from it.
  virtual bool learn_refusal(const Link& link, std::string_view last_words) = 0;

  /// Ends what the links share.
  virtual aio::Task<void> close() = 0;
};

}  // namespace firn::transport
