// OVMF's store of variables: a firmware volume (PI specification, volume 3) with one block of authenticated variables at its start, and spare blocks behind it.
#include <algorithm>
#include <chrono>

#include "base/encode.h"
#include "instance/nvram.h"
#include "instance/qemu/guid_bytes.h"

namespace instance {
namespace {

constexpr size_t kVolumeHeader = 56;  ///< up to the map of blocks
constexpr size_t kStoreHeader = 28, kVariableHeader = 60;
constexpr uint16_t kVariableStart = 0x55aa;
constexpr uint8_t kAdded = 0x3f, kBeingReplaced = 0x3e;
constexpr std::string_view kVolumeGuid = "fff12b8d-7696-4c8b-a985-2747075b4f50", kStoreGuid = "aaf32c78-947b-439a-a180-2e144ec37792";

/// UTF-16 up to a NUL; what is no text becomes a question mark.
std::string name_text(std::string_view units) {
  std::string out;
  for (size_t i = 0; i + 1 < units.size(); i += 2) {
    uint32_t unit = static_cast<uint32_t>(little_endian(units, i, 2));
    if (unit == 0) break;
    if (unit < 0x80) {
      out += unit < 0x20 || unit == 0x7f ? '?' : static_cast<char>(unit);
    } else if (unit < 0x800) {
      out += static_cast<char>(0xc0 | unit >> 6);
      out += static_cast<char>(0x80 | (unit & 0x3f));
    } else if (unit >= 0xd800 && unit < 0xe000) {
      out += '?';
    } else {
      out += static_cast<char>(0xe0 | unit >> 12);
      out += static_cast<char>(0x80 | (unit >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (unit & 0x3f));
    }
  }
  return out;
}

Result<std::string> name_bytes(const std::string& name) {
  std::string out;
  for (unsigned char c : name) {
    // All names of the specification and of the firmware are such.
    if (c < 0x20 || c >= 0x7f) return fail(Code::invalid, "Invalid name {} of a variable: plain ASCII is wanted", quote(name));
    append_little_endian(out, c, 2);
  }
  append_little_endian(out, 0, 2);
  return out;
}

/// EFI_TIME, taken as UTC.
std::optional<Timestamp> time_of(std::string_view bytes) {
  using namespace std::chrono;
  year_month_day day{year(static_cast<int>(little_endian(bytes, 0, 2))), month(static_cast<unsigned>(little_endian(bytes, 2, 1))), std::chrono::day(static_cast<unsigned>(little_endian(bytes, 3, 1)))};
  if (!day.ok()) return std::nullopt;
  auto at = sys_days(day) + hours(little_endian(bytes, 4, 1)) + minutes(little_endian(bytes, 5, 1)) + std::chrono::seconds(little_endian(bytes, 6, 1));
  return Timestamp::from_unix(duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
}

void append_time(std::string& out, const std::optional<Timestamp>& time) {
  using namespace std::chrono;
  if (!time) {
    out.append(16, '\0');
    return;
  }
  sys_seconds at{std::chrono::seconds(time->seconds)};
  year_month_day day(floor<days>(at));
  hh_mm_ss clock(at - floor<days>(at));
  append_little_endian(out, static_cast<uint64_t>(static_cast<int>(day.year())), 2);
  for (uint64_t part : {uint64_t{static_cast<unsigned>(day.month())}, uint64_t{static_cast<unsigned>(day.day())}, static_cast<uint64_t>(clock.hours().count()),
                        static_cast<uint64_t>(clock.minutes().count()), static_cast<uint64_t>(clock.seconds().count())})
    append_little_endian(out, part, 1);
  out.append(9, '\0');
}

struct Area {
  size_t start, end;
};

/// Where variables are.
Result<Area> area_of(std::string_view store) {
  auto bad = [](const char* what) { return fail(Code::invalid, "The file with the firmware's variables is of an unknown kind ({})", what); };
  if (store.size() < kVolumeHeader + kStoreHeader) return bad("too short");
  size_t header = little_endian(store, 48, 2);
  if (guid_text(store.substr(16, 16)) != kVolumeGuid || store.substr(40, 4) != "_FVH") return bad("no firmware volume");
  if (little_endian(store, 32, 8) != store.size() || header < kVolumeHeader || header + kStoreHeader > store.size()) return bad("wrong sizes");
  if (guid_text(store.substr(header, 16)) != kStoreGuid) return bad("no authenticated variables");
  size_t size = little_endian(store, header + 16, 4);
  if (size < kStoreHeader || size > store.size() - header) return bad("wrong sizes");
  return Area{header + kStoreHeader, header + size};
}

std::string variable_bytes(const std::string& guid, const std::string& name, const FirmwareVariable& variable) {
  std::string out;
  append_little_endian(out, kVariableStart, 2);
  append_little_endian(out, kAdded, 2);
  append_little_endian(out, variable.attributes, 4);
  append_little_endian(out, variable.count, 8);
  append_time(out, variable.timestamp);
  append_little_endian(out, variable.key_index, 4);
  append_little_endian(out, name.size(), 4);
  append_little_endian(out, variable.data.size(), 4);
  out += guid + name + variable.data;
  while (out.size() % 4 != 0) out += '\xff';
  return out;
}

}  // namespace

Result<FirmwareVariables> parse_nvram(std::string_view store) {
  Area area = TRY(area_of(store));
  FirmwareVariables out;
  for (size_t at = area.start; at + kVariableHeader <= area.end && little_endian(store, at, 2) == kVariableStart;) {
    size_t name_size = little_endian(store, at + 36, 4), data_size = little_endian(store, at + 40, 4), body = at + kVariableHeader;
    if (name_size > area.end - body || data_size > area.end - body - name_size) return fail(Code::invalid, "The firmware's variables are damaged");
    uint8_t state = static_cast<uint8_t>(little_endian(store, at + 2, 1));
    FirmwareVariable variable{.attributes = static_cast<uint32_t>(little_endian(store, at + 4, 4)), .timestamp = time_of(store.substr(at + 16, 16)),
                              .data = std::string(store.substr(body + name_size, data_size)), .count = little_endian(store, at + 8, 8),
                              .key_index = static_cast<uint32_t>(little_endian(store, at + 32, 4)), .stored_name = std::string(store.substr(body, name_size))};
    auto& named = out[guid_text(store.substr(at + 44, 16))];
    std::string name = name_text(store.substr(body, name_size));
    // One that was being replaced when the machine ended counts if its successor does not.
    if (state == kAdded) named[name] = std::move(variable);
    else if (state == kBeingReplaced) named.emplace(name, std::move(variable));
    at = (body + name_size + data_size + 3) & ~size_t{3};
  }
  std::erase_if(out, [](const auto& group) { return group.second.empty(); });
  return out;
}

Result<std::string> replace_nvram(std::string store, const FirmwareVariables& variables) {
  Area area = TRY(area_of(store));
  std::string fresh;
  for (const auto& [guid, named] : variables) {
    std::string binary = TRY(guid_bytes(guid));
    for (const auto& [name, variable] : named) fresh += variable_bytes(binary, variable.stored_name.empty() ? TRY(name_bytes(name)) : variable.stored_name, variable);
  }
  size_t room = area.end - area.start;
  if (fresh.size() > room) return fail(Code::invalid, "Variables require {} bytes but store length is {}", fresh.size(), room);
  fresh.resize(room, '\xff');
  store.replace(area.start, room, fresh);
  return store;
}

}  // namespace instance
