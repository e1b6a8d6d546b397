/* SPDX-License-Identifier: MIT */
/* hw/ahci.h - state of an AHCI host bus adapter, for its files. */
#pragma once

#include "hw/ata.h"
#include "hw/card.h"
#include "hw/flight.h"
#include "hw/hw.h"

enum { AHCI_PORTS_MAX = 4, AHCI_SLOTS = 32 };

/* PxIS, PxCMD, PxSERR and PxSSTS as far as they are used. */
enum {
    AHCI_IS_D2H = 1u << 0,
    AHCI_IS_PIO = 1u << 1,
    AHCI_IS_SDB = 1u << 3,
    AHCI_IS_CONNECT = 1u << 6,
    AHCI_IS_PHY = 1u << 22,
    AHCI_IS_OVERFLOW = 1u << 24,
    AHCI_IS_BUS_FATAL = 1u << 29,
    AHCI_IS_TASK_FILE = 1u << 30
};
enum {
    AHCI_CMD_START = 1u << 0,
    AHCI_CMD_SPIN_UP = 1u << 1,
    AHCI_CMD_POWER_ON = 1u << 2,
    AHCI_CMD_OVERRIDE = 1u << 3,
    AHCI_CMD_FIS = 1u << 4,
    AHCI_CMD_FIS_RUNS = 1u << 14,
    AHCI_CMD_LIST_RUNS = 1u << 15,
    AHCI_CMD_HOT_PLUG = 1u << 18
};
enum { AHCI_SERR_PHY = 1u << 16, AHCI_SERR_EXCHANGED = 1u << 26 };
enum { AHCI_LINK_UP = 0x133, AHCI_LINK_DEVICE = 0xf, AHCI_IPM_ACTIVE = 1, AHCI_IPM_PARTIAL = 2, AHCI_IPM_SLUMBER = 6 };

struct ahci_slot {
    struct hw_flight   flight;
    struct ata_command command;
    uint8_t            error;
    bool               soft_reset;
    uint64_t           header, table; /* bus addresses */
    uint16_t           elements;
};

struct ahci_port {
    /* registers; the card's lock */
    uint64_t list, fis;
    uint32_t interrupt, enable, command, task_file, signature, link, control, error, active, issue;
    uint32_t taken;     /* slots that the port works on */
    uint32_t epoch;     /* changes when all that is under way is void */
    bool     executing; /* a step moves data: the list still runs */
    bool     halted;    /* after an error, until the list is stopped */
    bool     greet;     /* the drive's first FIS is to be received */
    /* steps only */
    uint32_t         order;
    struct ata_drive drive;
    struct ahci_slot slot[AHCI_SLOTS];
};

struct ahci {
    struct hw_card        card;
    struct hw_disk_config cfg;
    unsigned              ports;
    uint32_t              control, interrupt; /* GHC, IS */
    struct ahci_port      port[AHCI_PORTS_MAX];
    uint8_t               data[ATA_DATA_BYTES]; /* steps only */
};

static inline struct ahci *ahci_of(struct hw_card *c)
{
    return (struct ahci *)(void *)c;
}

/* ahci.c; the card's lock is held */
void ahci_interrupt_locked(struct ahci *h, struct ahci_port *p, uint32_t causes);
void ahci_port_void_locked(struct ahci_port *p);

/* ahci_port.c */
bool ahci_port_step(struct ahci *h, struct ahci_port *p, mach_ns *next);
