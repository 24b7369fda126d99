#include "instance/qemu/clock.h"

#include <ctime>

#include "base/log.h"

namespace instance::qemu {
namespace {

constexpr const char *kAdjustment = "volatile.vm.rtc_adjustment", *kOffset = "volatile.vm.rtc_offset";

int64_t seconds_of(const Instance& instance, const char* key) { return parse_int(instance.volatile_get(key)).value_or(0); }

}  // namespace

ClockSpec next_clock(const Instance& instance, bool windows) {
  return {.adjustment = seconds_of(instance, kAdjustment) + seconds_of(instance, kOffset), .local = windows};
}

StringMap clock_keys(const ClockSpec& clock) { return {{kAdjustment, std::to_string(clock.adjustment)}, {kOffset, "0"}}; }

void note_clock(Instance& instance, int64_t seconds) {
  if (seconds_of(instance, kOffset) == seconds) return;
  auto noted = instance.volatile_set({{kOffset, std::to_string(seconds)}});
  if (!noted) log_error("Failed noting a virtual machine's clock", {{"instance", instance.full_name()}, {"error", noted.error().message()}});
}

std::string clock_base(const ClockSpec& clock, int64_t now) {
  if (clock.adjustment == 0 && !clock.local) return "";
  time_t time = now + clock.adjustment;
  tm parts{};
  if (!(clock.local ? localtime_r(&time, &parts) : gmtime_r(&time, &parts))) return "";
  char text[32];
  size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return {text, length};
}

}  // namespace instance::qemu
