// What the variables of known forms say (UEFI specification, 3.3): the rest is bytes.
#include <algorithm>

#include "instance/nvram.h"
#include "instance/qemu/guid_bytes.h"
#include "instance/qemu/signature_list.h"

namespace instance {
namespace {

enum class Form { none, flag, u16, u32, text, boot_entry, boot_list, driver_list, signatures };

constexpr const char *kGlobal = "8be4df61-93ca-11d2-aa0d-00e098032b8c", *kImages = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
struct Known {
  const char *guid, *name;
  Form form;
};
constexpr Known kKnown[] = {
    {kGlobal, "BootNext", Form::boot_entry},
    {kGlobal, "BootOrder", Form::boot_list},
    {kGlobal, "DriverOrder", Form::driver_list},
    {kGlobal, "KEK", Form::signatures},
    {kGlobal, "Lang", Form::text},
    {kGlobal, "PK", Form::signatures},
    {kGlobal, "PlatformLang", Form::text},
    {kGlobal, "Timeout", Form::u16},
    {kImages, "db", Form::signatures},
    {kImages, "dbr", Form::signatures},
    {kImages, "dbt", Form::signatures},
    {kImages, "dbx", Form::signatures},
    {"605dab50-e046-4300-abb6-3dd810dd8b23", "MokList", Form::signatures},
    {"c076ec0c-7028-4399-a072-71ee5c448b9f", "CustomMode", Form::flag},
    {"f0a30bc7-af08-4556-99c4-001009c93a44", "SecureBootEnable", Form::flag},
    {"9073e4e0-60ec-4b6e-9903-4c223c260f3c", "VendorKeysNv", Form::flag},
    {"eb704011-1402-11d3-8e77-00a0c969723b", "MTC", Form::u32},
};

struct Attribute {
  uint32_t bit;
  const char* name;
};
constexpr Attribute kAttributes[] = {
    {1, "NON_VOLATILE"}, {2, "BOOTSERVICE_ACCESS"}, {4, "RUNTIME_ACCESS"}, {8, "HARDWARE_ERROR_RECORD"}, {0x10, "AUTHENTICATED_WRITE_ACCESS"},
    {0x20, "TIME_BASED_AUTHENTICATED_WRITE_ACCESS"}, {0x40, "APPEND_WRITE"}, {0x80, "ENHANCED_AUTHENTICATED_ACCESS"},
};

Form form_of(const std::string& guid, const std::string& name) {
  for (const Known& known : kKnown)
    if (guid == known.guid && name == known.name) return known.form;
  return Form::none;
}

uint64_t number(std::string_view bytes) { return little_endian(bytes, 0, bytes.size()); }

std::string bytes_of(uint64_t value, size_t size) {
  std::string out;
  append_little_endian(out, value, size);
  return out;
}

std::string entry_text(const char* prefix, std::string_view two) { return std::format("{}{:04X}", prefix, number(two)); }

Result<std::string> entry_bytes(std::string_view prefix, const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : "";
  auto index = text.size() == prefix.size() + 4 && to_lower(text).starts_with(to_lower(prefix)) ? parse_uint(text.substr(prefix.size()), 16) : std::nullopt;
  if (!index) return fail(Code::invalid, "Entries must be of the form {}####", prefix);
  return bytes_of(*index, 2);
}

Result<std::string> list_bytes(std::string_view prefix, const Json& value) {
  if (!value.is_array()) return fail(Code::invalid, "A list of entries {}#### is wanted", prefix);
  std::string out;
  for (const Json& entry : value) out += TRY(entry_bytes(prefix, entry));
  return out;
}

Result<std::string> number_bytes(const Json& value, size_t size) {
  bool natural = value.is_number_unsigned() || (value.is_number_integer() && value.get<int64_t>() >= 0);
  if (!natural || value.get<uint64_t>() >> (8 * size)) return fail(Code::invalid, "A number of {} bits is wanted", 8 * size);
  return bytes_of(value.get<uint64_t>(), size);
}

Json list_json(const char* prefix, std::string_view data) {
  Json out = Json::array();
  for (size_t i = 0; i + 1 < data.size(); i += 2) out.push_back(entry_text(prefix, data.substr(i, 2)));
  return out;
}

}  // namespace

StringList attribute_names(uint32_t attributes) {
  StringList out;
  for (const Attribute& one : kAttributes)
    if (attributes & one.bit) out.emplace_back(one.name);
  return out;
}

uint32_t attributes_of(const StringList& names) {
  uint32_t out = 0;
  for (const Attribute& one : kAttributes)
    if (contains(names, one.name)) out |= one.bit;
  return out;
}

Json nvram_value(const std::string& guid, const std::string& name, std::string_view data) {
  switch (form_of(guid, name)) {
    case Form::flag: return data.size() == 1 ? Json(data[0] != 0) : Json();
    case Form::u16: return data.size() == 2 ? Json(number(data)) : Json();
    case Form::u32: return data.size() == 4 ? Json(number(data)) : Json();
    case Form::text: return data.ends_with('\0') ? Json(std::string(data.substr(0, data.find('\0')))) : Json();
    case Form::boot_entry: return data.size() == 2 ? Json(entry_text("Boot", data)) : Json();
    case Form::boot_list: return data.size() % 2 == 0 ? list_json("Boot", data) : Json();
    case Form::driver_list: return data.size() % 2 == 0 ? list_json("Driver", data) : Json();
    case Form::signatures: return parse_signature_lists(data).value_or(Json());
    case Form::none: break;
  }
  return {};
}

Result<std::string> nvram_data(const std::string& guid, const std::string& name, const Json& value) {
  switch (form_of(guid, name)) {
    case Form::flag: return value.is_boolean() ? Result<std::string>(std::string(1, value.get<bool>() ? '\1' : '\0')) : fail(Code::invalid, "true or false is wanted");
    case Form::u16: return number_bytes(value, 2);
    case Form::u32: return number_bytes(value, 4);
    case Form::text: return value.is_string() ? Result<std::string>(value.get<std::string>() + '\0') : fail(Code::invalid, "A text is wanted");
    case Form::boot_entry: return entry_bytes("Boot", value);
    case Form::boot_list: return list_bytes("Boot", value);
    case Form::driver_list: return list_bytes("Driver", value);
    case Form::signatures: return signature_lists_bytes(value);
    case Form::none: break;
  }
  return fail(Code::invalid, "The form of variable {} is not known to this server: send its bytes as application/octet-stream", quote(name));
}

Result<FirmwareVariable> variable_of(const std::string& guid, const std::string& name, const Json& body) {
  if (!body.is_object()) return fail(Code::invalid, "A variable is a JSON object");
  StringList attributes;
  if (body.contains("attributes") && body["attributes"].is_array())
    for (const Json& one : body["attributes"])
      if (one.is_string()) attributes.push_back(one.get<std::string>());
  FirmwareVariable out{.attributes = attributes_of(attributes), .timestamp = std::nullopt, .data = ""};
  if (body.contains("timestamp") && body["timestamp"].is_string()) out.timestamp = Timestamp::parse(body["timestamp"].get<std::string>());
  out.data = TRY(nvram_data(guid, name, body.contains("data") ? body["data"] : Json()));
  return out;
}

}  // namespace instance
