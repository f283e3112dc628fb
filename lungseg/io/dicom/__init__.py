"""DICOM files: headers, the pixels of a frame, series. pydicom is imported when one is read."""
