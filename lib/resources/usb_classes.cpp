#include "resources/usb_classes.h"

#include <algorithm>

namespace resources {
namespace {

struct Name {
  uint32_t code;  ///< class, or class * 256 + subclass
  std::string_view name;
};

constexpr Name kClasses[] = {
    {0x00, "(Defined at Interface level)"}, {0x01, "Audio"}, {0x02, "Communications"}, {0x03, "Human Interface Device"},
    {0x05, "Physical Interface Device"}, {0x06, "Imaging"}, {0x07, "Printer"}, {0x08, "Mass Storage"}, {0x09, "Hub"}, {0x0a, "CDC Data"},
    {0x0b, "Chip/SmartCard"}, {0x0d, "Content Security"}, {0x0e, "Video"}, {0x0f, "Personal Healthcare"}, {0x10, "Audio/Video"},
    {0x11, "Billboard"}, {0x12, "Type-C Bridge"}, {0x58, "Xbox"}, {0xdc, "Diagnostic"}, {0xe0, "Wireless"}, {0xef, "Miscellaneous Device"},
    {0xfe, "Application Specific Interface"}, {0xff, "Vendor Specific Class"},
};

constexpr Name kSubclasses[] = {
    {0x0101, "Control Device"}, {0x0102, "Streaming"}, {0x0103, "MIDI Streaming"}, {0x0201, "Direct Line"}, {0x0202, "Abstract (modem)"},
    {0x0203, "Telephone"}, {0x0204, "Multi-Channel"}, {0x0205, "CAPI Control"}, {0x0206, "Ethernet Networking"},
    {0x0207, "ATM Networking"}, {0x0208, "Wireless Handset Control"}, {0x0209, "Device Management"}, {0x020a, "Mobile Direct Line"},
    {0x020b, "OBEX"}, {0x020c, "Ethernet Emulation"}, {0x0300, "No Subclass"}, {0x0301, "Boot Interface Subclass"},
    {0x0601, "Still Image Capture"}, {0x0701, "Printer"}, {0x0801, "RBC (typically Flash)"}, {0x0802, "SFF-8020i, MMC-2 (ATAPI)"},
    {0x0803, "QIC-157"}, {0x0804, "Floppy (UFI)"}, {0x0805, "SFF-8070i"}, {0x0806, "SCSI"}, {0x0900, "Unused"}, {0x0a00, "Unused"},
    {0x0e00, "Undefined"}, {0x0e01, "Video Control"}, {0x0e02, "Video Streaming"}, {0x0e03, "Video Interface Collection"},
    {0xe001, "Radio Frequency"}, {0xe002, "Wireless USB Wire Adapter"}, {0xfe01, "Device Firmware Update"}, {0xfe02, "IRDA Bridge"},
    {0xfe03, "Test and Measurement"}, {0xffff, "Vendor Specific Subclass"},
};

template <size_t N>
std::string_view find(const Name (&names)[N], uint64_t code) {
  auto found = std::ranges::find(names, code, &Name::code);
  return found == std::end(names) ? "" : found->name;
}

}  // namespace

std::string_view usb_class(uint64_t code) { return find(kClasses, code); }
std::string_view usb_subclass(uint64_t class_code, uint64_t code) { return find(kSubclasses, class_code * 256 + code); }

}  // namespace resources
