/** First sector of the BIOS boot area and the sector after its last (disk contract: bios-boot, LBA 34-2047). */
export const coreImageLba = 34;
export const coreImageEndLba = 2048;
