// Names that EDK2's headers give to GUIDs, as users write and read them.
#include "api/guid.h"

#include <algorithm>

#include "base/encode.h"

namespace api {
namespace {

struct Named {
  const char *name, *guid;
};

/// MdePkg, MdeModulePkg, NetworkPkg, SecurityPkg and OvmfPkg (.dec files and headers) of EDK2; the shim's; Incus' own; OVMF_VENDOR_GUID is the owner that keys which OVMF enrolls have.
constexpr Named kNames[] = {
    {"EDKII_VAR_ERROR_FLAG_GUID", "04b37fe8-f6ae-480b-bdd5-37d98c5e89aa"},
    {"EFI_AUTHENTICATED_VARIABLE_GUID", "aaf32c78-947b-439a-a180-2e144ec37792"},
    {"EFI_CERT_DB_GUID", "d9bee56e-75dc-49d9-b4d7-b534210f637a"},
    {"EFI_CERT_PKCS7_GUID", "4aafd29d-68df-49ee-8aa9-347d375665a7"},
    {"EFI_CERT_RSA2048_GUID", "3c5766e8-269c-4e34-aa14-ed776e85b3b6"},
    {"EFI_CERT_RSA2048_SHA1_GUID", "67f8444f-8743-48f1-a328-1eaab8736080"},
    {"EFI_CERT_RSA2048_SHA256_GUID", "e2b36190-879b-4a3d-ad8d-f2e7bba32784"},
    {"EFI_CERT_SHA1_GUID", "826ca512-cf10-4ac9-b187-be01496631bd"},
    {"EFI_CERT_SHA224_GUID", "0b6e5233-a65c-44c9-9407-d9ab83bfc8bd"},
    {"EFI_CERT_SHA256_GUID", "c1c41626-504c-4092-aca9-41f936934328"},
    {"EFI_CERT_SHA384_GUID", "ff3e5307-9fd0-48c9-85f1-8ad56c701e01"},
    {"EFI_CERT_SHA512_GUID", "093e0fae-a6c4-4f50-9f1b-d41e2b89c19a"},
    {"EFI_CERT_SM3_GUID", "57347f87-7a9b-403a-b93c-dc4afb7a0ebc"},
    {"EFI_CERT_X509_GUID", "a5c059a1-94e4-4aa7-87b5-ab155c2bf072"},
    {"EFI_CERT_X509_SHA256_GUID", "3bd2a492-96c0-4079-b420-fcf98ef103ed"},
    {"EFI_CERT_X509_SHA384_GUID", "7076876e-80c2-4ee6-aad2-28b349a6865b"},
    {"EFI_CERT_X509_SHA512_GUID", "446dbf63-2502-4cda-bcfa-2465d2b0fe9d"},
    {"EFI_CERT_X509_SM3_GUID", "60d807e5-10b4-49a9-9331-e40437888d37"},
    {"EFI_CUSTOM_MODE_ENABLE_GUID", "c076ec0c-7028-4399-a072-71ee5c448b9f"},
    {"EFI_DEBUGPORT_PROTOCOL_GUID", "eba4e8d2-3858-41ec-a281-2647ba9660d0"},
    {"EFI_DHCP6_SERVICE_BINDING_PROTOCOL_GUID", "9fb9a8a1-2f4a-43a6-889c-d0f7b6c47ad5"},
    {"EFI_GLOBAL_VARIABLE", "8be4df61-93ca-11d2-aa0d-00e098032b8c"},
    {"EFI_IMAGE_SECURITY_DATABASE_GUID", "d719b2cb-3d3a-4596-a3bc-dad00e67656f"},
    {"EFI_IP4_CONFIG2_PROTOCOL_GUID", "5b446ed1-e30b-4faa-871a-3654eca36080"},
    {"EFI_IP6_CONFIG_PROTOCOL_GUID", "937fe521-95ae-4d1a-8929-48bcd90ad31a"},
    {"EFI_MEMORY_TYPE_INFORMATION_GUID", "4c19049f-4137-4dd3-9c10-8b97a83ffdfa"},
    {"EFI_PC_ANSI_GUID", "e0c14753-f9be-11d2-9a0c-0090273fc14d"},
    {"EFI_PERSISTENT_VIRTUAL_CD_GUID", "08018188-42cd-bb48-100f-5387d53ded3d"},
    {"EFI_PERSISTENT_VIRTUAL_DISK_GUID", "5cea02c9-4d07-69d3-269f-4496fbe096f9"},
    {"EFI_SAS_DEVICE_PATH_GUID", "d487ddb4-008b-11d9-afdc-001083ffca4d"},
    {"EFI_SECURE_BOOT_ENABLE_DISABLE_GUID", "f0a30bc7-af08-4556-99c4-001009c93a44"},
    {"EFI_SYSTEM_NVDATA_FV_GUID", "fff12b8d-7696-4c8b-a985-2747075b4f50"},
    {"EFI_UART_DEVICE_PATH_GUID", "37499a9d-542f-4c89-a026-35da142094e4"},
    {"EFI_VENDOR_KEYS_NV_GUID", "9073e4e0-60ec-4b6e-9903-4c223c260f3c"},
    {"EFI_VIRTUAL_CD_GUID", "3d5abd30-4175-87ce-6d64-d2ade523c4bb"},
    {"EFI_VIRTUAL_DISK_GUID", "77ab535a-45fc-624b-5560-f7b281d1f96e"},
    {"EFI_VT_100_GUID", "dfa66065-b419-11d3-9a2d-0090273fc14d"},
    {"EFI_VT_100_PLUS_GUID", "7baec70b-57e0-4c76-8e87-2f9e28088343"},
    {"EFI_VT_UTF8_GUID", "ad15a0d6-8bec-4acf-a073-d01de77e2d88"},
    {"HD_BOOT_DEVICE_PATH_VARIABLE_GUID", "fab7e9e1-39dd-4f2b-8408-e20e906cb6de"},
    {"INCUS_VENDOR_GUID", "7b3743d8-4c1f-420a-b4d7-3654fa4792cc"},
    {"ISCSI_CONFIG_GUID", "4b47d616-a8d6-4552-9d44-ccad2e0f4cf9"},
    {"MEMORY_ONLY_RESET_CONTROL_GUID", "e20939be-32d4-41be-a150-897f85d49829"},
    {"MEMORY_OVERWRITE_REQUEST_CONTROL_LOCK_GUID", "bb983ccf-151d-40e1-a07b-4a17be168292"},
    {"MICROSOFT_VENDOR_GUID", "77fa9abd-0359-4d32-bd60-28f4e78f784b"},
    {"MTC_VENDOR_GUID", "eb704011-1402-11d3-8e77-00a0c969723b"},
    {"OVMF_PLATFORM_CONFIG_GUID", "7235c51c-0c80-4cab-87ac-3b084a6304b1"},
    {"OVMF_VENDOR_GUID", "a0baa8a3-041d-48a8-bc87-c36d121b5e3d"},
    {"SHIM_LOCK_GUID", "605dab50-e046-4300-abb6-3dd810dd8b23"},
    {"TCG2_CONFIG_FORM_SET_GUID", "6339d487-26ba-424b-9a5d-687e25d740bc"},
};

/// Other spellings that do not follow from a name.
constexpr Named kAliases[] = {
    {"efimemoryoverwritecontroldata", "e20939be-32d4-41be-a150-897f85d49829"},
    {"efimemoryoverwriterequestcontrollock", "bb983ccf-151d-40e1-a07b-4a17be168292"},
    {"bmharddrivebootvariable", "fab7e9e1-39dd-4f2b-8408-e20e906cb6de"},
};

constexpr const char* kGlobal = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

/// "EFI_GLOBAL_VARIABLE_GUID", "EfiGlobalVariable" and "efi-global-variable" are one name.
std::string plain(std::string_view name) {
  std::string out;
  for (char c : to_lower(name))
    if (c != '-' && c != '_') out += c;
  for (std::string_view ending : {"guid", "vendor"})
    if (out.ends_with(ending)) out.resize(out.size() - ending.size());
  return out;
}

/// In any spelling: with braces, as a URN, without dashes.
std::optional<std::string> parse_guid(std::string_view text) {
  std::string out = to_lower(text);
  if (out.starts_with("urn:uuid:")) out.erase(0, 9);
  if (out.size() == 38 && out.front() == '{' && out.back() == '}') out = out.substr(1, 36);
  if (out.size() == 32 && !out.contains('-')) out = std::format("{}-{}-{}-{}-{}", out.substr(0, 8), out.substr(8, 4), out.substr(12, 4), out.substr(16, 4), out.substr(20));
  return is_uuid(out) ? std::optional(out) : std::nullopt;
}

}  // namespace

std::string guid_name(const std::string& guid) {
  for (const Named& known : kNames)
    if (guid == known.guid) return known.name;
  return guid;
}

Result<std::string> guid_of(std::string_view text) {
  std::string wanted = plain(text);
  for (const Named& known : kNames)
    if (wanted == plain(known.name)) return std::string(known.guid);
  for (const Named& known : kAliases)
    if (wanted == known.name) return std::string(known.guid);
  auto guid = parse_guid(text);
  if (!guid) return fail(Code::invalid, "Invalid GUID: {}", text);
  return *guid;
}

Result<VariableName> variable_name(const std::string& text) {
  if (size_t colon = text.find(':'); colon != text.npos) return VariableName{TRY(guid_of(text.substr(0, colon))), text.substr(colon + 1)};
  // GUID-name or name-GUID; dashes may be part of names too.
  size_t first = text.find('-'), last = text.rfind('-');
  if (first != text.npos) {
    if (auto guid = parse_guid(text.substr(0, last))) return VariableName{*guid, text.substr(last + 1)};
    if (auto guid = parse_guid(text.substr(first + 1))) return VariableName{*guid, text.substr(0, first)};
  }
  return VariableName{kGlobal, text};
}

}  // namespace api
