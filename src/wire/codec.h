// SPDX-License-Identifier: Apache-2.0
// The primitives that every protocol of Nix is made of, written and read by two classes with the
// same verbs, so that one `fields(io, message, version)` template serves both directions. No I/O: a
// Decoder reads bytes that have already arrived.
//
// A Decoder ends in a value, in *short* (sticky: later reads do nothing; asked once per record), or
// in a thrown Error{protocol} that names the offset and what was expected. Limits are checked
// before memory is taken.
#pragma once

#include "base/hash.h"
#include "base/units.h"
#include "nix/store_path.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace firn::wire {

/// The most bytes that a text of a kind may have when it is read.
struct Limit {
  ByteCount bytes;
  /// For messages: "a name".
  std::string_view what;
};

/// Names of outputs and systems, hashes, content addresses, signatures: far above what Nix lets
/// through (211 for a name).
inline constexpr Limit kNameLimit{.bytes = 4_KiB, .what = "a name"};
inline constexpr Limit kPathLimit{.bytes = 4_KiB, .what = "a store path"};
inline constexpr Limit kHashLimit{.bytes = 4_KiB, .what = "a hash"};
inline constexpr Limit kContentAddressLimit{.bytes = 4_KiB, .what = "a content address"};
inline constexpr Limit kSignatureLimit{.bytes = 4_KiB, .what = "a signature"};
/// Arguments and variables of a derivation: structured attributes and passed files can be long.
inline constexpr Limit kTextLimit{.bytes = 64_MiB, .what = "a text"};
/// Nix puts the last lines of the log into it, and lines have no limit.
inline constexpr Limit kMessageLimit{.bytes = 64_MiB, .what = "an error message"};
/// A realisation as JSON: it may list every realisation that it depends on.
inline constexpr Limit kJsonLimit{.bytes = 4_MiB, .what = "a realisation"};
/// "/nix/store/", 32 digits, a dash and one character, padded, after its length: the least that a
/// store path takes.
inline constexpr std::uint64_t kLeastPath = 56;
/// Items of a list.
inline constexpr std::uint64_t kCountLimit = std::uint64_t{1} << 22U;
/// All of one record; what a reader may have to buffer.
inline constexpr ByteCount kRecordLimit = 128_MiB;

template <class T>
T blank();

/// Turns into the blank of whatever it is to initialise.
struct Blank {
  template <class T>
  operator T() const {  // NOLINT(google-explicit-constructor): it has no other use
    return blank<T>();
  }
};

/// A value to read into. Some types are valid by construction and have no empty value: their blank
/// never leaves a decoder. A message that holds one of them has it as its first member.
template <class T>
T blank() {
  if constexpr (std::is_default_constructible_v<T>) {
    return T{};
  } else {
    static_assert(std::is_aggregate_v<T>, "needs a blank of its own");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
    return T{Blank{}};
#pragma GCC diagnostic pop
  }
}

template <>
Hash blank<Hash>();

template <>
nix::StorePath blank<nix::StorePath>();

template <>
nix::DrvPath blank<nix::DrvPath>();

/// Appends to a buffer. Never fails.
class Encoder {
 public:
  static constexpr bool kReads = false;

  explicit Encoder(std::string& out) : out_(out) {}

  void u64(std::uint64_t value);

  void u32(std::uint32_t value) { u64(value); }

  void u8(std::uint8_t value) { u64(value); }

  /// Two's complement. Readers refuse negative numbers.
  void i64(std::int64_t value) { u64(static_cast<std::uint64_t>(value)); }

  void boolean(bool value) { u64(value ? 1 : 0); }

  /// A number that is always the same.
  void constant(std::uint64_t value, std::string_view /*what*/) { u64(value); }

  void size(ByteCount value) { u64(value.value()); }

  /// 32 bits, held within them.
  void seconds(std::chrono::seconds value);
  /// Before 1970 counts as unknown.
  void time(WallTime value);
  void text(std::string_view value, Limit limit);
  void path(const nix::StorePath& value);
  void path(const nix::DrvPath& value);
  void optional_path(const std::optional<nix::StorePath>& value);
  void paths(const nix::StorePathSet& values);
  void texts(const std::vector<std::string>& values, Limit limit);

  /// `entry(key, value)` writes one.
  template <class Map, class Entry>
  void map(const Map& items, Entry entry) {
    u64(items.size());
    for (const auto& [key, value] : items)
      entry(key, value);
  }

 private:
  std::string& out_;
};

/// Reads bytes that have arrived. `base_offset` is their place in the conversation, for messages.
class Decoder {
 public:
  static constexpr bool kReads = true;

  explicit Decoder(std::string_view bytes, std::uint64_t base_offset = 0)
      : bytes_(bytes), base_offset_(base_offset) {}

  /// Too few bytes: what was read since is worthless.
  bool is_short() const { return missing_ > 0; }

  /// The least number of bytes that are missing; 0 when nothing is.
  std::uint64_t missing() const { return missing_; }

  std::size_t consumed() const { return position_; }

  void u64(std::uint64_t& value);
  void u32(std::uint32_t& value);
  void u8(std::uint8_t& value);
  /// Not negative: so does every reader of Nix.
  void i64(std::int64_t& value);
  /// Any number but 0 is true.
  void boolean(bool& value);
  void constant(std::uint64_t value, std::string_view what);
  /// Whether an optional value follows. Only 0 and 1 will do.
  bool tag();
  void size(ByteCount& value);
  void seconds(std::chrono::seconds& value);
  void time(WallTime& value);
  void text(std::string& value, Limit limit);
  void path(nix::StorePath& value);
  void path(nix::DrvPath& value);
  void optional_path(std::optional<nix::StorePath>& value);
  void paths(nix::StorePathSet& values);
  void texts(std::vector<std::string>& values, Limit limit);

  /// `entry(key, value)` reads one. Of two equal keys the later one counts.
  template <class Map, class Entry>
  void map(Map& items, Entry entry) {
    constexpr std::uint64_t kLeastEntry = 16;
    for (auto left = count(kLeastEntry); left > 0; --left) {
      auto key = blank<typename Map::key_type>();
      auto value = blank<typename Map::mapped_type>();
      entry(key, value);
      if (is_short()) return miss_also((left - 1) * kLeastEntry);
      items.insert_or_assign(std::move(key), std::move(value));
    }
  }

  /// `item(value)` reads one, of at least `least_item` bytes.
  template <class T, class Item>
  void list(std::vector<T>& values, std::uint64_t least_item, Item item) {
    for (auto left = count(least_item); left > 0; --left) {
      auto value = blank<T>();
      item(value);
      if (is_short()) return miss_also((left - 1) * least_item);
      values.push_back(std::move(value));
    }
  }

  /// The length of a list whose items take at least `least_item` bytes each; 0 when short, which it
  /// is when fewer bytes than the items need at least are there.
  std::uint64_t count(std::uint64_t least_item);

  /// Throws Error{protocol} about the field that was read last.
  [[noreturn]] void fail(std::string_view expected, std::string_view got) const;

 private:
  bool take(std::uint64_t bytes);
  /// When short: so many bytes must follow what is missing, too.
  void miss_also(std::uint64_t bytes);
  std::string_view view(Limit limit);

  std::string_view bytes_;
  std::uint64_t base_offset_;
  std::size_t position_ = 0;
  std::size_t field_ = 0;
  std::uint64_t missing_ = 0;
};

/// A message as its side may touch it: a Decoder fills it, an Encoder only reads it.
template <class Io, class T>
using Fields = std::conditional_t<Io::kReads, T, const T>;

/// A record that was there in full, and how many bytes it took.
template <class T>
struct Decoded {
  T value;
  std::size_t consumed = 0;
};

/// A record of which some bytes have not arrived. Ordinary: read at least `missing` more and decode
/// the record again.
struct Short {
  std::uint64_t missing = 0;
};

template <class T>
using DecodeResult = std::variant<Decoded<T>, Short>;

/// How far something that is fed as bytes arrive has come.
struct Progress {
  /// Bytes at the front that are done with: whole records.
  std::size_t consumed = 0;
  /// What must arrive at least, beyond the bytes that were not consumed, before feeding again is of
  /// use. 0 only when done.
  std::size_t missing = 0;
  bool done = false;
};

}  // namespace firn::wire
