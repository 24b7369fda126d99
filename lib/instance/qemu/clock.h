// The machine's clock. What the guest made of it stays over restarts: volatile.vm.rtc_offset has the change of the present run,
// volatile.vm.rtc_adjustment that of all runs before.
#pragma once
#include "instance/object.h"
#include "instance/qemu/spec.h"

namespace instance::qemu {

/// That of the next start: after what the guest did to it so far, in local time where the guest expects that.
ClockSpec next_clock(const Instance& instance, bool windows);
/// The volatile keys of a start with it.
StringMap clock_keys(const ClockSpec& clock);
/// The guest set its clock: it is `seconds` ahead of the one it was started with. A failure is logged.
void note_clock(Instance& instance, int64_t seconds);
/// QEMU's -rtc base=, for a clock that begins at the time `now` (seconds since 1970): "2026-11-23T18:00:00". Empty: QEMU's default, the host's time as UTC.
std::string clock_base(const ClockSpec& clock, int64_t now);

}  // namespace instance::qemu
