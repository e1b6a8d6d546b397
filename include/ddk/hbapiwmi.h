/* SPDX-License-Identifier: MIT */
/*
 * WMI classes of SM-HBA: adapter information and the methods about ports.
 * Inferred: no page of Microsoft's describes these structures. Names and order are those of the SM-HBA standard; a string
 * is a count of bytes and room for 255 characters. Duetime's host carries the buffers and never looks into them.
 */
#pragma once

#include <ntdef.h>

#ifdef MS_SM_HBA_API

#define MS_SM_AdapterInformationQueryGuid \
    {                                     \
        0xbdc67efa, 0xe5e7, 0x4777, { 0xb1, 0x3c, 0x62, 0x14, 0x59, 0x65, 0x70, 0x99 } \
    }
#define MS_SM_PortInformationMethodsGuid \
    {                                    \
        0x5b6a8b86, 0x708d, 0x4ec6, { 0x82, 0xa6, 0x39, 0xad, 0xcf, 0x6f, 0x64, 0x33 } \
    }

#define MS_SM_STRING_ (255 + 1)

typedef struct _MS_SM_AdapterInformationQuery {
    ULONGLONG UniqueAdapterId;
    ULONG HBAStatus;
    ULONG NumberOfPorts;
    ULONG VendorSpecificID;
    WCHAR Manufacturer[MS_SM_STRING_];
    WCHAR SerialNumber[MS_SM_STRING_];
    WCHAR Model[MS_SM_STRING_];
    WCHAR ModelDescription[MS_SM_STRING_];
    WCHAR HardwareVersion[MS_SM_STRING_];
    WCHAR DriverVersion[MS_SM_STRING_];
    WCHAR OptionROMVersion[MS_SM_STRING_];
    WCHAR FirmwareVersion[MS_SM_STRING_];
    WCHAR DriverName[MS_SM_STRING_];
    WCHAR HBASymbolicName[MS_SM_STRING_];
    WCHAR RedundantOptionROMVersion[MS_SM_STRING_];
    WCHAR RedundantFirmwareVersion[MS_SM_STRING_];
    WCHAR MfgDomain[MS_SM_STRING_];
} MS_SM_AdapterInformationQuery, *PMS_SM_AdapterInformationQuery;

typedef struct _MS_SMHBA_FC_Port {
    UCHAR NodeWWN[8];
    UCHAR PortWWN[8];
    ULONG FcId;
    ULONG PortSupportedClassofService;
    UCHAR PortSupportedFc4Types[32];
    UCHAR PortActiveFc4Types[32];
    UCHAR FabricName[8];
    WCHAR PortSymbolicName[MS_SM_STRING_];
    ULONG NumberofDiscoveredPorts;
    UCHAR NumberofPhys;
} MS_SMHBA_FC_Port, *PMS_SMHBA_FC_Port;

typedef struct _MS_SMHBA_PORTATTRIBUTES {
    ULONG PortType;
    ULONG PortState;
    ULONG PortSpecificAttributesSize;
    WCHAR OSDeviceName[MS_SM_STRING_];
    ULONGLONG Reserved;
    UCHAR PortSpecificAttributes[1];
} MS_SMHBA_PORTATTRIBUTES, *PMS_SMHBA_PORTATTRIBUTES;

typedef struct _MS_SMHBA_FC_PHY {
    ULONG PhySupportSpeed;
    ULONG PhySpeed;
    UCHAR PhyType;
    ULONG MaxFrameSize;
} MS_SMHBA_FC_PHY, *PMS_SMHBA_FC_PHY;

typedef struct _MS_SMHBA_SAS_PHY {
    UCHAR PhyIdentifier;
    ULONG NegotiatedLinkRate;
    ULONG ProgrammedMinLinkRate;
    ULONG HardwareMinLinkRate;
    ULONG ProgrammedMaxLinkRate;
    ULONG HardwareMaxLinkRate;
    UCHAR domainPortWWN[8];
} MS_SMHBA_SAS_PHY, *PMS_SMHBA_SAS_PHY;

typedef struct _MS_SMHBA_PROTOCOLSTATISTICS {
    LONGLONG SecondsSinceLastReset;
    LONGLONG InputRequests;
    LONGLONG OutputRequests;
    LONGLONG ControlRequests;
    LONGLONG InputMegabytes;
    LONGLONG OutputMegabytes;
} MS_SMHBA_PROTOCOLSTATISTICS, *PMS_SMHBA_PROTOCOLSTATISTICS;

/* ---- methods ----------------------------------------------------------------------------------------------------- */
#define SM_GetPortType 1
typedef struct _SM_GetPortType_IN {
    ULONG PortIndex;
} SM_GetPortType_IN, *PSM_GetPortType_IN;
#define SM_GetPortType_IN_SIZE sizeof(SM_GetPortType_IN)
typedef struct _SM_GetPortType_OUT {
    ULONG HBAStatus;
    ULONG PortType;
} SM_GetPortType_OUT, *PSM_GetPortType_OUT;
#define SM_GetPortType_OUT_SIZE sizeof(SM_GetPortType_OUT)

#define SM_GetAdapterPortAttributes 2
typedef struct _SM_GetAdapterPortAttributes_IN {
    ULONG PortIndex;
    ULONG PortSpecificAttributesMaxSize;
} SM_GetAdapterPortAttributes_IN, *PSM_GetAdapterPortAttributes_IN;
#define SM_GetAdapterPortAttributes_IN_SIZE sizeof(SM_GetAdapterPortAttributes_IN)
typedef struct _SM_GetAdapterPortAttributes_OUT {
    ULONG HBAStatus;
    MS_SMHBA_PORTATTRIBUTES PortAttributes;
} SM_GetAdapterPortAttributes_OUT, *PSM_GetAdapterPortAttributes_OUT;

#define SM_GetDiscoveredPortAttributes 3
typedef struct _SM_GetDiscoveredPortAttributes_IN {
    ULONG PortIndex;
    ULONG DiscoveredPortIndex;
    ULONG PortSpecificAttributesMaxSize;
} SM_GetDiscoveredPortAttributes_IN, *PSM_GetDiscoveredPortAttributes_IN;
#define SM_GetDiscoveredPortAttributes_IN_SIZE sizeof(SM_GetDiscoveredPortAttributes_IN)
typedef struct _SM_GetDiscoveredPortAttributes_OUT {
    ULONG HBAStatus;
    MS_SMHBA_PORTATTRIBUTES PortAttributes;
} SM_GetDiscoveredPortAttributes_OUT, *PSM_GetDiscoveredPortAttributes_OUT;
#define SM_GetDiscoveredPortAttributes_OUT_SIZE sizeof(SM_GetDiscoveredPortAttributes_OUT)

#define SM_GetPortAttributesByWWN 4
typedef struct _SM_GetPortAttributesByWWN_IN {
    UCHAR PortWWN[8];
    UCHAR DomainPortWWN[8];
    ULONG PortSpecificAttributesMaxSize;
} SM_GetPortAttributesByWWN_IN, *PSM_GetPortAttributesByWWN_IN;
#define SM_GetPortAttributesByWWN_IN_SIZE sizeof(SM_GetPortAttributesByWWN_IN)
typedef struct _SM_GetPortAttributesByWWN_OUT {
    ULONG HBAStatus;
    MS_SMHBA_PORTATTRIBUTES PortAttributes;
} SM_GetPortAttributesByWWN_OUT, *PSM_GetPortAttributesByWWN_OUT;
#define SM_GetPortAttributesByWWN_OUT_SIZE sizeof(SM_GetPortAttributesByWWN_OUT)

#define SM_GetProtocolStatistics 5
typedef struct _SM_GetProtocolStatistics_IN {
    ULONG PortIndex;
    ULONG ProtocolType;
} SM_GetProtocolStatistics_IN, *PSM_GetProtocolStatistics_IN;
#define SM_GetProtocolStatistics_IN_SIZE sizeof(SM_GetProtocolStatistics_IN)
typedef struct _SM_GetProtocolStatistics_OUT {
    ULONG HBAStatus;
    MS_SMHBA_PROTOCOLSTATISTICS ProtocolStatistics;
} SM_GetProtocolStatistics_OUT, *PSM_GetProtocolStatistics_OUT;
#define SM_GetProtocolStatistics_OUT_SIZE sizeof(SM_GetProtocolStatistics_OUT)

#define SM_GetPhyStatistics 6
typedef struct _SM_GetPhyStatistics_IN {
    ULONG PortIndex;
    ULONG PhyIndex;
    ULONG InNumOfPhyCounters;
} SM_GetPhyStatistics_IN, *PSM_GetPhyStatistics_IN;
#define SM_GetPhyStatistics_IN_SIZE sizeof(SM_GetPhyStatistics_IN)
typedef struct _SM_GetPhyStatistics_OUT {
    ULONG HBAStatus;
    ULONG TotalNumOfPhyCounters;
    ULONG OutNumOfPhyCounters;
    LONGLONG PhyCounter[1];
} SM_GetPhyStatistics_OUT, *PSM_GetPhyStatistics_OUT;

#define SM_GetFCPhyAttributes 7
typedef struct _SM_GetFCPhyAttributes_IN {
    ULONG PortIndex;
    ULONG PhyIndex;
} SM_GetFCPhyAttributes_IN, *PSM_GetFCPhyAttributes_IN;
#define SM_GetFCPhyAttributes_IN_SIZE sizeof(SM_GetFCPhyAttributes_IN)
typedef struct _SM_GetFCPhyAttributes_OUT {
    ULONG HBAStatus;
    MS_SMHBA_FC_PHY PhyType;
} SM_GetFCPhyAttributes_OUT, *PSM_GetFCPhyAttributes_OUT;
#define SM_GetFCPhyAttributes_OUT_SIZE sizeof(SM_GetFCPhyAttributes_OUT)

#define SM_GetSASPhyAttributes 8
typedef struct _SM_GetSASPhyAttributes_IN {
    ULONG PortIndex;
    ULONG PhyIndex;
} SM_GetSASPhyAttributes_IN, *PSM_GetSASPhyAttributes_IN;
#define SM_GetSASPhyAttributes_IN_SIZE sizeof(SM_GetSASPhyAttributes_IN)
typedef struct _SM_GetSASPhyAttributes_OUT {
    ULONG HBAStatus;
    MS_SMHBA_SAS_PHY PhyType;
} SM_GetSASPhyAttributes_OUT, *PSM_GetSASPhyAttributes_OUT;
#define SM_GetSASPhyAttributes_OUT_SIZE sizeof(SM_GetSASPhyAttributes_OUT)

#define SM_RefreshInformation 10
#endif
