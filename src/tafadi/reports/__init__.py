"""Reports: figures and pages from plain data; furnished with incidents and conferences."""
